/** What turns Apache Kafka into a stand-in for Amazon MSK Serverless: login, permissions, topic rules. */
package local.msk;
