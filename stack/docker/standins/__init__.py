"""Stand-ins for the official images, for machines on which no image can be pulled.

Two Debian trees are bootstrapped and imported: one with Java for the servers, one with Python for the services. On the
first stand Kafka, Druid, ZooKeeper and versitygw, from the artefacts of `stack/`'s cache. Each takes the place, the
variables, the folders and the user of the image whose name it gets, so that the compose file is the same for both.
"""
