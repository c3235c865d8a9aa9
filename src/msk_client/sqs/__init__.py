"""Queues of SQS: dead letters and continuations. botocore is imported where one is used."""
