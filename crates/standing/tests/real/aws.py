"""Starts moto's AWS on a port and plants an account in it: python aws.py PORT.

Prints one line of JSON once all is there: the keys of a user who may read, and of one who may not. From
then on every question needs a right signature and a policy that allows it."""

import json
import sys

import boto3
import requests
from moto.server import ThreadedMotoServer

port = int(sys.argv[1])
server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
server.start()
url = f"http://127.0.0.1:{port}"
iam = boto3.client(
    "iam",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="planting",
    aws_secret_access_key="planting",
)

ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SOME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
READS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "iam:GenerateCredentialReport",
                "iam:GetCredentialReport",
                "iam:GetAccountAuthorizationDetails",
            ],
            "Resource": "*",
        }
    ],
}

everything = iam.create_policy(PolicyName="everything", PolicyDocument=json.dumps(ALL))["Policy"]["Arn"]
iam.create_group(GroupName="operators")
iam.attach_group_policy(GroupName="operators", PolicyArn=everything)
for n in range(40):
    iam.create_user(UserName=f"user{n:02}")
iam.create_login_profile(UserName="user01", Password="Of-User-01!")
iam.add_user_to_group(GroupName="operators", UserName="user01")
device = iam.create_virtual_mfa_device(VirtualMFADeviceName="user01")["VirtualMFADevice"]
iam.enable_mfa_device(
    UserName="user01",
    SerialNumber=device["SerialNumber"],
    AuthenticationCode1="123456",
    AuthenticationCode2="654321",
)
iam.put_user_policy(UserName="user02", PolicyName="bucket", PolicyDocument=json.dumps(SOME))
iam.create_access_key(UserName="user02")


def key(name, policy):
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="reads", PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return [made["AccessKeyId"], made["SecretAccessKey"]]


reader, nobody = key("standing", READS), key("nobody", None)
requests.post(f"{url}/moto-api/reset-auth", data=b"0", timeout=10).raise_for_status()
print(json.dumps({"reader": reader, "nobody": nobody}), flush=True)
sys.stdin.read()
