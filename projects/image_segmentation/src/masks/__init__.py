"""Files of images and masks become arrays, whatever program wrote them."""

IGNORE = 255
"""The id of pixels that the loss and the scores leave out."""
