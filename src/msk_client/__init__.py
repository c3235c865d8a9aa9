"""A Kafka client that lives in an AWS Lambda function."""
