"""What is needed to deploy the function, and to look at it where it is deployed."""
