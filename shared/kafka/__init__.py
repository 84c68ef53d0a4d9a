"""Kafka: topics, the CloudEvents envelope, one producer and one consumer wrapper."""
