#!/usr/bin/env python3
"""Certificates for tests, made with the openssl command (EC keys, so that it is quick).

    certs.py DIR      fills DIR and prints it

As a module:
    make(dir) -> dict of paths:
      ca       the issuer of all of them            other_ca   an issuer of none of them
      server   for localhost, 127.0.0.1, ::1        wrong      for elsewhere.example
      expired  for localhost, ended long ago        client     for a client
    Each but the issuers is a pair: paths[name] is the certificate, paths[name + "_key"] its key.
"""
import os
import subprocess
import sys

CONFIG = """
[ca]
default_ca = own
[own]
dir = {dir}
new_certs_dir = {dir}/issued
database = {dir}/index.txt
serial = {dir}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""

NAMES = "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"


def run(*args):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(args), done.stdout.decode("utf-8", "replace")))


def issuer(folder, name):
    """A self-signed issuer: NAME.pem and NAME.key."""
    cert, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "30", "-subj", "/CN=" + name, "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", key, "-out", cert)
    return cert, key


def issue(folder, name, names, ca, start=None, end=None):
    """A certificate for names ("DNS:…,IP:…"), valid from start to end (YYYYMMDDHHMMSSZ) or 30 days."""
    cert, key, request = (os.path.join(folder, name + end_) for end_ in (".pem", ".key", ".csr"))
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        "/CN=" + name, "-addext", "subjectAltName=" + names, "-keyout", key, "-out", request)
    when = ["-startdate", start, "-enddate", end] if start else ["-days", "30"]
    run("openssl", "ca", "-batch", "-notext", "-config", os.path.join(folder, "ca.cnf"), "-cert", ca[0],
        "-keyfile", ca[1], "-in", request, "-out", cert, *when)
    os.unlink(request)
    return cert, key


def make(folder):
    os.makedirs(os.path.join(folder, "issued"), exist_ok=True)
    for name, text in (("ca.cnf", CONFIG.format(dir=folder)), ("index.txt", ""), ("serial", "1000\n")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)
    ca = issuer(folder, "ca")
    paths = {"ca": ca[0], "other_ca": issuer(folder, "other_ca")[0]}
    for name, names, when in (
            ("server", NAMES, ()),
            ("wrong", "DNS:elsewhere.example", ()),
            ("expired", NAMES, ("20200101000000Z", "20200201000000Z")),
            ("client", "DNS:client", ())):
        paths[name], paths[name + "_key"] = issue(folder, name, names, ca, *when)
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(os.path.abspath(sys.argv[1]))
    print(sys.argv[1])
