# SPDX-License-Identifier: Apache-2.0
"""Three foreign DLMS/COSEM clients behind one face: each gives the A-XDR octets of an attribute, as it read them."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass


class ReadRefused(Exception):
    """The meter answered with a data-access-result other than success."""


@dataclass(frozen=True)
class Access:
    """How a client reaches and opens an association with a meter."""

    port: int
    client: int = 32
    password: str | None = "12345678"
    host: str = "127.0.0.1"
    short_names: bool = False


class PydlmsClient:
    """The client of the package pydlms-client."""

    name = "pydlms"

    def __init__(self, access: Access) -> None:
        from pydlms import DlmsClient, Mechanism

        self._client = DlmsClient.tcp(
            access.host,
            access.port,
            client_sap=access.client,
            mechanism=Mechanism.LLS if access.password else Mechanism.NONE,
            password=access.password,
            logical_names=not access.short_names,
        )
        self._client.connect()

    def octets(self, class_id: int, obis: str, attribute: int) -> bytes:
        from pydlms import ServiceError, encode_data

        try:
            return bytes(encode_data(self._client.get(obis, class_id, attribute)))
        except ServiceError as error:
            raise ReadRefused(str(error)) from error

    def association_view(self):
        """The object list as this client decodes it."""
        return self._client.get_association_view()

    def octets_of(self, wanted: list[tuple[int, str, int]]) -> list[bytes]:
        """Several attributes, asked for together."""
        from pydlms import encode_data

        return [
            bytes(encode_data(value))
            for value in self._client.get_many([(obis, class_id, attribute) for class_id, obis, attribute in wanted])
        ]

    def write(self, class_id: int, obis: str, attribute: int, value) -> None:
        """Write a value of pydlms' own type."""
        from pydlms import ServiceError

        try:
            self._client.set(obis, class_id, attribute, value)
        except ServiceError as error:
            raise ReadRefused(str(error)) from error

    def invoke(self, class_id: int, obis: str, method: int, parameter=None):
        """Invoke a method with a parameter of pydlms' own type."""
        from pydlms import ServiceError

        try:
            return self._client.action(obis, class_id, method, parameter)
        except ServiceError as error:
            raise ReadRefused(str(error)) from error

    def close(self) -> None:
        self._client.close()


class GuruxClient:
    """The client of the package gurux-dlms over a socket of our own (the wrapper carries the length)."""

    name = "gurux-dlms"

    def __init__(self, access: Access) -> None:
        from gurux_dlms import GXDLMSClient
        from gurux_dlms.enums import Authentication, InterfaceType

        authentication = Authentication.LOW if access.password else Authentication.NONE
        self._client = GXDLMSClient(
            not access.short_names, access.client, 1, authentication, access.password, InterfaceType.WRAPPER
        )
        self._socket = socket.create_connection((access.host, access.port), 10)
        self._client.parseAareResponse(self._exchange([self._client.aarqRequest()]).data)
        self._names = self._read_names() if access.short_names else {}

    def _read_names(self) -> dict[tuple[int, str], int]:
        """The base names of the meter's objects as this client decodes the list."""
        listed = self._client.parseObjects(self._exchange(self._as_list(self._client.getObjectsRequest())).data, True)
        return {(int(item.objectType), item.logicalName): item.shortName for item in listed}

    @staticmethod
    def _as_list(messages):
        return messages if isinstance(messages, list) else [messages]

    def octets(self, class_id: int, obis: str, attribute: int) -> bytes:
        from gurux_dlms.enums import ObjectType
        from gurux_dlms.GXDLMSException import GXDLMSException
        from gurux_dlms.objects import GXDLMSObject

        item = GXDLMSObject(ObjectType(class_id), obis, self._names.get((class_id, obis), 0))
        try:
            reply = self._exchange(self._client.read(item, attribute))
        except GXDLMSException as error:
            raise ReadRefused(str(error)) from error
        if reply.error:
            raise ReadRefused(reply.getErrorMessage())
        return bytes(reply.data.array())

    def _exchange(self, messages):
        from gurux_dlms import GXReplyData

        reply = GXReplyData()
        for message in messages:
            self._take(self._send(message), reply)
            while reply.isMoreData():
                self._take(self._send(self._client.receiverReady(reply)), reply)
        return reply

    def _take(self, frame: bytes, reply) -> None:
        from gurux_dlms import GXByteBuffer, GXReplyData

        buffer = GXByteBuffer()
        buffer.set(frame)
        self._client.getData(buffer, reply, GXReplyData())

    def _send(self, message) -> bytes:
        self._socket.sendall(bytes(message[0] if isinstance(message, list) else message))
        header = self._receive(8)
        return header + self._receive(int.from_bytes(header[6:8], "big"))

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            if not part:
                raise ConnectionError("the meter closed the connection")
            received += part
        return received

    def close(self) -> None:
        self._socket.close()


class DlmsCosemClient:
    """The client of the package dlms-cosem."""

    name = "dlms-cosem"

    def __init__(self, access: Access) -> None:
        import structlog
        from dlms_cosem.client import DlmsClient
        from dlms_cosem.io import BlockingTcpIO, TcpTransport
        from dlms_cosem.security import LowLevelSecurityAuthentication, NoSecurityAuthentication

        # The package logs each octet it moves; only what is critical may speak here.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        authentication = (
            LowLevelSecurityAuthentication(access.password.encode()) if access.password else NoSecurityAuthentication()
        )
        transport = TcpTransport(
            client_logical_address=access.client,
            server_logical_address=1,
            io=BlockingTcpIO(host=access.host, port=access.port, timeout=10),
        )
        self._client = DlmsClient(transport=transport, authentication=authentication)
        self._client.connect()
        self._client.associate()

    def octets(self, class_id: int, obis: str, attribute: int) -> bytes:
        from dlms_cosem.client import DataResultError
        from dlms_cosem.cosem import CosemAttribute, Obis
        from dlms_cosem.enumerations import CosemInterface

        try:
            return bytes(
                self._client.get(
                    CosemAttribute(CosemInterface(class_id), Obis(*(int(part) for part in obis.split("."))), attribute)
                )
            )
        except DataResultError as error:
            raise ReadRefused(str(error)) from error

    def close(self) -> None:
        self._client.release_association()
        self._client.disconnect()


ALL_CLIENTS = (PydlmsClient, GuruxClient, DlmsCosemClient)
