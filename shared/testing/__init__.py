"""What the tests of several projects share."""
