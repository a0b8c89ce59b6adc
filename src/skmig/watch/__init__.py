"""Watch: are the inputs, the predictions and the packages still those of the record?

`log` and what it imports run in the user's serving process and need numpy only; all else is for
`skmig watch`.
"""
