"""Errors that a job can raise; the worker turns them into the error of its answer."""


class JobError(Exception):
    """A job failed at `stage`, at the node `path`, because of `cause` (an exception)."""

    def __init__(self, stage, path, cause):
        Exception.__init__(self, "%s: %s" % (path, cause))
        self.stage = stage
        self.path = path
        self.cause = cause
