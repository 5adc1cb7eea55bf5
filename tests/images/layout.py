# SPDX-License-Identifier: Apache-2.0
"""An OCI layout that a test writes by hand, blob by blob."""
import hashlib
import json
import os

ELF = bytes.fromhex("7f454c4602010100" + "00" * 8 + "02003e0001000000") + bytes(200)
OCI = "application/vnd.oci.image."


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    def __init__(self, root):
        self.root = root
        os.makedirs(root + "/blobs/sha256")
        with open(root + "/oci-layout", "w", encoding="utf-8") as file:
            file.write('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, data, media_type, **more):
        with open(self.root + "/blobs/sha256/" + digest(data)[7:], "wb") as file:
            file.write(data)
        return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}

    def json(self, value, media_type, **more):
        return self.blob(json.dumps(value).encode(), media_type, **more)

    def index(self, descriptors, **more):
        with open(self.root + "/index.json", "w", encoding="utf-8") as file:
            json.dump({"schemaVersion": 2, "manifests": descriptors, **more}, file)
