"""What is told to those who build clients, made from the message classes alone."""
