"""Queues of SQS: what comes in, goes on and is given up. The only user of its client."""
