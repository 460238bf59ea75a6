# SPDX-License-Identifier: Apache-2.0
"""Three foreign DLMS/COSEM clients behind one face: each gives the A-XDR octets of an attribute, as it read them."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass


class ReadRefused(Exception):
    """The meter answered with a data-access-result other than success."""


@dataclass(frozen=True)
class Protection:
    """How a client proves who it is, and what it does to its messages."""

    mechanism: int = 0
    """The number of the authentication mechanism, 0 to 7."""
    authenticated: bool = True
    encrypted: bool = True
    suite: int = 0
    block_cipher_key: bytes = b""
    authentication_key: bytes = b""
    system_title: bytes = bytes.fromhex("4D4D4D0000BC614E")
    invocation_counter: int = 1
    envelope: str = "global"
    """global, dedicated, general-global, general-dedicated, general, or signed around one of them: general+signed."""
    server_system_title: bytes | None = None
    signing_key: bytes | None = None
    agreement_key: bytes | None = None
    server_signing_key: bytes | None = None
    server_agreement_key: bytes | None = None
    content_key: str = "identified"
    """Where the key of general ciphering comes from: identified, agreed-one-pass or agreed-static."""

    @property
    def control(self) -> int:
        """The security control octet without the suite."""
        return 0x10 * self.authenticated + 0x20 * self.encrypted


@dataclass(frozen=True)
class Access:
    """How a client reaches and opens an association with a meter."""

    port: int
    client: int = 32
    password: str | None = "12345678"
    host: str = "127.0.0.1"
    short_names: bool = False
    protection: Protection | None = None


class PydlmsClient:
    """The client of the package pydlms-client."""

    name = "pydlms"

    def __init__(self, access: Access) -> None:
        from pydlms import DlmsClient, Mechanism

        settings = (
            self._protected(access.protection)
            if access.protection
            else {"mechanism": Mechanism.LLS if access.password else Mechanism.NONE}
        )
        self._client = DlmsClient.tcp(
            access.host,
            access.port,
            client_sap=access.client,
            password=access.password,
            logical_names=not access.short_names,
            **settings,
        )
        self._client.connect()

    @staticmethod
    def _protected(protection: Protection) -> dict:
        """What this client calls the settings of a protected association."""
        from pydlms import Mechanism, SecurityContext

        settings = {"mechanism": Mechanism(protection.mechanism)}
        envelope, _, signed = protection.envelope.partition("+")
        if protection.control or protection.mechanism == 5:
            settings["security"] = SecurityContext(
                encryption_key=protection.block_cipher_key,
                authentication_key=protection.authentication_key,
                client_system_title=protection.system_title,
                invocation_counter=protection.invocation_counter,
                suite=protection.suite,
                policy=protection.control,
                general_aad="with-header",
            )
            settings["ciphered_context"] = protection.control != 0
            settings["use_dedicated_key"] = "dedicated" in envelope
            settings["protection"] = {"global": "glo", "dedicated": "glo", "general": "general-ciphering"}.get(
                envelope, "general-glo"
            ) + ("+signing" if signed else "")
        else:
            settings["client_system_title"] = protection.system_title
        return settings

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
        from gurux_dlms.secure import GXDLMSSecureClient

        names = not access.short_names
        if access.protection:
            authentication = Authentication(access.protection.mechanism)
            self._client = GXDLMSSecureClient(
                names, access.client, 1, authentication, access.password, InterfaceType.WRAPPER
            )
            self._protect(access.protection)
        else:
            authentication = Authentication.LOW if access.password else Authentication.NONE
            self._client = GXDLMSClient(
                names, access.client, 1, authentication, access.password, InterfaceType.WRAPPER
            )
        self._socket = socket.create_connection((access.host, access.port), 10)
        self._client.parseAareResponse(self._exchange([self._client.aarqRequest()]).data)
        if authentication > Authentication.LOW:
            request = self._client.getApplicationAssociationRequest()
            self._client.parseApplicationAssociationResponse(self._exchange(self._as_list(request)).data)
        self._names = self._read_names() if access.short_names else {}

    def _protect(self, protection: Protection) -> None:
        from gurux_dlms.enums import Security
        from gurux_dlms.objects.enums import SecuritySuite

        ciphering = self._client.ciphering
        ciphering.security = Security(protection.control)
        ciphering.securitySuite = SecuritySuite(protection.suite)
        ciphering.systemTitle = protection.system_title
        ciphering.blockCipherKey = protection.block_cipher_key
        ciphering.authenticationKey = protection.authentication_key
        ciphering.invocationCounter = protection.invocation_counter
        if protection.envelope == "dedicated":
            ciphering.dedicatedKey = bytes(range(0x40, 0x40 + len(protection.block_cipher_key)))

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

        if self._names and (class_id, obis) not in self._names:
            raise ValueError(f"class {class_id} is not known to this client")
        item = GXDLMSObject(ObjectType(class_id), obis, self._names.get((class_id, obis), 0))
        try:
            reply = self._exchange(self._client.read(item, attribute))
        except GXDLMSException as error:
            raise ReadRefused(str(error)) from error
        if reply.error:
            raise ReadRefused(reply.getErrorMessage())
        return bytes(reply.data.array())

    def octet_strings(self, items: list[tuple[str, int]]) -> list[bytes]:
        """The values of attributes of Data objects (logical name, attribute), read by one GET with-list."""
        from gurux_dlms.objects import GXDLMSData

        wanted = [(GXDLMSData(obis), attribute) for obis, attribute in items]
        reply = self._exchange(self._client.readList(wanted))
        self._client.updateValues(wanted, reply.value)
        return [bytes(item.value) for item, _ in wanted]

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
        from dlms_cosem.security import (
            HighLevelSecurityCommonAuthentication,
            HighLevelSecurityGmacAuthentication,
            LowLevelSecurityAuthentication,
            NoSecurityAuthentication,
        )

        # The package logs each octet it moves; only what is critical may speak here.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        protection = access.protection
        mechanism = protection.mechanism if protection else 1 if access.password else 0
        authentication = {
            0: NoSecurityAuthentication,
            1: lambda: LowLevelSecurityAuthentication(access.password.encode()),
            2: lambda: HighLevelSecurityCommonAuthentication(access.password.encode()),
            5: HighLevelSecurityGmacAuthentication,
        }[mechanism]()
        keys = {}
        if protection:
            keys = {
                "encryption_key": protection.block_cipher_key,
                "authentication_key": protection.authentication_key,
                "security_suite": protection.suite,
                "client_system_title": protection.system_title,
                "client_initial_invocation_counter": protection.invocation_counter,
                "dedicated_ciphering": protection.envelope == "dedicated",
            }
        transport = TcpTransport(
            client_logical_address=access.client,
            server_logical_address=1,
            io=BlockingTcpIO(host=access.host, port=access.port, timeout=10),
        )
        self._client = DlmsClient(transport=transport, authentication=authentication, **keys)
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
