# SPDX-License-Identifier: Apache-2.0
"""Three foreign DLMS/COSEM clients behind one face: each gives the A-XDR octets of an attribute, as it read them."""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass

from protection import Protection


class ReadRefused(Exception):
    """The meter answered with a result other than success."""


class AssociationRefused(Exception):
    """The meter did not accept the association, or the client did not accept the meter."""


class NotProtected(Exception):
    """The meter refused a message because of its protection, or the client could not trust the answer."""


# The number of each mechanism below 2.16.756.5.8.2.
MECHANISMS = {"none": 0, "low": 1, "aes": 2, "md5": 3, "sha1": 4, "gmac": 5, "sha256": 6, "ecdsa": 7}


@dataclass(frozen=True)
class Link:
    """How frames of HDLC go over TCP."""

    physical: int | None = None  # None = an address of one octet
    octets: int | None = None  # the length of the address; None = the shortest that holds it
    information: int = 128  # the longest information in a frame that is offered
    window: int = 1  # the frames without an acknowledgement that are offered


@dataclass(frozen=True)
class Access:
    """How a client reaches and opens an association with a meter."""

    port: int
    client: int = 32
    password: str | None = "12345678"
    host: str = "127.0.0.1"
    short_names: bool = False
    # A key of MECHANISMS; None = "low" with a password, else "none". All but GMAC and ECDSA take `password` as secret.
    mechanism: str | None = None
    protection: Protection | None = None
    general_blocks: int = 0  # the window of general block transfer; 0 = not proposed
    access_service: bool = False
    link: Link | None = None  # None = the wrapper

    @property
    def authentication(self) -> str:
        return self.mechanism or ("low" if self.password else "none")


class PydlmsClient:
    """The client of the package pydlms-client."""

    name = "pydlms"

    def __init__(self, access: Access) -> None:
        from pydlms import DlmsClient, DlmsError, Mechanism

        mechanism = Mechanism(MECHANISMS[access.authentication])
        self._client = DlmsClient.tcp(
            access.host,
            access.port,
            client_sap=access.client,
            mechanism=mechanism,
            password=access.password if access.authentication not in ("none", "gmac", "ecdsa") else None,
            logical_names=not access.short_names,
            propose_access=access.access_service,
            **(self._general_blocks(access.general_blocks) if access.general_blocks else {}),
            **(self._security(access.protection) if access.protection else {}),
            **(self._link(access.link) if access.link else {}),
        )
        try:
            self._client.connect()
        except DlmsError as error:
            self._client.link.disconnect()
            raise AssociationRefused(str(error)) from error

    @staticmethod
    def _link(link: Link) -> dict:
        from pydlms.hdlc.connection import HdlcParameters

        return {
            "hdlc": True,
            "server_physical": link.physical,
            "address_size": link.octets,
            "hdlc_parameters": HdlcParameters(link.information, link.information, link.window, link.window),
        }

    @staticmethod
    def _general_blocks(window: int) -> dict:
        """Proposes general blocks only: a meter prefers the blocks of the services."""
        from pydlms.association import Conformance

        own = (
            Conformance.BLOCK_TRANSFER_WITH_GET_OR_READ
            | Conformance.BLOCK_TRANSFER_WITH_SET_OR_WRITE
            | Conformance.BLOCK_TRANSFER_WITH_ACTION
        )
        proposed = Conformance.default_ln() & ~own | Conformance.GENERAL_PROTECTION
        return {"conformance": proposed, "propose_gbt": True, "gbt_window": window}

    @staticmethod
    def _security(protection: Protection) -> dict:
        from pydlms import SecurityContext
        from pydlms.security.general import KeyInfo
        from pydlms.security.suites import SecurityPolicy

        keys = protection.all_keys
        pairs = {}
        if protection.suite:
            pairs = {
                "signing_key": keys.private(keys.client_signing),
                "key_agreement_key": keys.private(keys.client_agreement),
                "peer_signing_key": keys.private(keys.meter_signing).public_key(),
                "peer_key_agreement_key": keys.private(keys.meter_agreement).public_key(),
            }
        context = SecurityContext(
            encryption_key=keys.block_cipher,
            authentication_key=keys.authentication,
            broadcast_key=keys.broadcast,
            master_key=keys.master,
            client_system_title=protection.title,
            invocation_counter=protection.counter,
            suite=protection.suite,
            policy=SecurityPolicy(0x10 * protection.authenticated | 0x20 * protection.encrypted),
            general_aad="with-header",
            **pairs,
        )
        kind = protection.envelope.removeprefix("general-")
        key_info = {
            "identified": KeyInfo("identified", 0),
            "wrapped": KeyInfo("wrapped"),
            "one-pass": KeyInfo("agreed", scheme=1),
            "static": KeyInfo("agreed", scheme=2),
        }.get(kind)
        if key_info:
            envelope = "general-ciphering"
        else:
            envelope = "general-glo" if protection.envelope.startswith("general") else "glo"
        if protection.signed:
            ciphers = protection.authenticated or protection.encrypted
            envelope = f"{envelope}+signing" if ciphers else "general-signing"
        settings = {
            "security": context,
            "ciphered_context": protection.is_ciphering,
            "use_dedicated_key": "dedicated" in protection.envelope,
            "protection": envelope,
            "key_info": key_info,
        }
        if protection.suite:
            settings |= {"signing_key": pairs["signing_key"], "server_public_key": pairs["peer_signing_key"]}
        return settings

    @property
    def counter(self) -> int:
        """The invocation counter of the next message."""
        return self._client.association.security.invocation_counter

    def octets(self, class_id: int, obis: str, attribute: int) -> bytes:
        from pydlms import DlmsError, ServiceError, encode_data

        try:
            return bytes(encode_data(self._client.get(obis, class_id, attribute)))
        except ServiceError as error:
            raise ReadRefused(str(error)) from error
        except DlmsError as error:
            raise NotProtected(str(error)) from error

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

    def write_text(self, class_id: int, obis: str, attribute: int, text: bytes) -> None:
        """Write an octet-string."""
        from pydlms.cosem.data import DlmsData

        self.write(class_id, obis, attribute, DlmsData.octet_string(text))

    def transfer_keys(self, keys: dict[int, bytes]) -> None:
        """Replace global keys by method 2 of the security setup."""
        from pydlms import DlmsError

        try:
            self._client.transfer_keys(keys)
        except DlmsError as error:
            raise ReadRefused(str(error)) from error

    def send_image(self, identifier: bytes, image: bytes) -> None:
        """Transfer, verify and activate firmware."""
        from pydlms.image import transfer_image

        transfer_image(self._client, image, identifier, activate=True, poll=0.05, timeout=20)

    def close(self) -> None:
        self._client.close()


class GuruxClient:
    """The client of the package gurux-dlms over a socket of our own."""

    name = "gurux-dlms"

    def __init__(self, access: Access) -> None:
        from gurux_dlms.enums import Authentication, InterfaceType
        from gurux_dlms.GXDLMSException import GXDLMSException
        from gurux_dlms.GXDLMSExceptionResponse import GXDLMSExceptionResponse
        from gurux_dlms.secure import GXDLMSSecureClient

        self._client = GXDLMSSecureClient(
            not access.short_names,
            access.client,
            self._server_address(access.link),
            Authentication(MECHANISMS[access.authentication]),
            access.password,
            InterfaceType.HDLC if access.link else InterfaceType.WRAPPER,
        )
        if access.protection:
            self._master = access.protection.all_keys.master
            self._protect(access.protection)
        if access.mechanism == "ecdsa":
            # The 16 octets that it challenges with by itself are too few.
            self._client.ctoSChallenge = os.urandom(32)
        self._socket = socket.create_connection((access.host, access.port), 10)
        self._link = access.link
        if access.link:
            self._set_up(access.link)
        try:
            self._client.parseAareResponse(self._exchange([self._client.aarqRequest()]).data)
            if MECHANISMS[access.authentication] > 1:
                self._answer_challenge()
        except (GXDLMSException, GXDLMSExceptionResponse, ValueError) as error:
            self._socket.close()
            raise AssociationRefused(str(error)) from error
        self._names = self._read_names() if access.short_names else {}

    @staticmethod
    def _server_address(link: Link | None) -> int:
        from gurux_dlms.secure import GXDLMSSecureClient

        if link is None or link.physical is None:
            return 1
        return GXDLMSSecureClient.getServerAddress(1, link.physical, link.octets or 0)

    def _set_up(self, link: Link) -> None:
        """The link below the association."""
        if link.octets:
            self._client.setServerAddressSize(link.octets)
        offer = self._client.hdlcSettings
        offer.maxInfoTX = offer.maxInfoRX = link.information
        offer.windowSizeTX = offer.windowSizeRX = link.window
        self._client.parseUAResponse(self._exchange([self._client.snrmRequest()]).data)

    def _protect(self, protection: Protection) -> None:
        from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey
        from gurux_dlms.ecdsa.GXPublicKey import GXPublicKey
        from gurux_dlms.enums import Conformance, Security
        from gurux_dlms.objects.enums import SecuritySuite

        keys = protection.all_keys
        ciphering = self._client.ciphering
        ciphering.systemTitle = protection.title
        ciphering.blockCipherKey = keys.block_cipher
        ciphering.authenticationKey = keys.authentication
        ciphering.invocationCounter = protection.counter
        ciphering.securitySuite = SecuritySuite(protection.suite)
        ciphering.security = Security(0x10 * protection.authenticated | 0x20 * protection.encrypted)
        if "dedicated" in protection.envelope:
            ciphering.dedicatedKey = bytes(range(0x30, 0x30 + len(keys.block_cipher)))
        if protection.envelope.startswith("general-"):
            self._client.proposedConformance |= Conformance.GENERAL_PROTECTION
        else:
            self._client.proposedConformance &= ~Conformance.GENERAL_PROTECTION
        if protection.suite:
            ciphering.signingKeyPair = (
                GXPublicKey.fromRawBytes(b"\x04" + keys.point(keys.meter_signing)),  # without 04 it takes a wrong point
                GXPrivateKey.fromRawBytes(keys.client_signing),
            )

    def _answer_challenge(self) -> None:
        """Passes 3 and 4 of high level security."""
        reply = self._exchange(self._as_list(self._client.getApplicationAssociationRequest()))
        if reply.error:
            raise AssociationRefused(reply.getErrorMessage())
        try:
            self._client.parseApplicationAssociationResponse(reply.data)
        except Exception as error:  # the package raises nothing narrower
            raise AssociationRefused(str(error)) from error

    @property
    def counter(self) -> int:
        """The invocation counter of the next message."""
        return self._client.ciphering.invocationCounter

    def _read_names(self) -> dict[tuple[int, str], int]:
        """The base names of the meter's objects as this client decodes the list."""
        listed = self._client.parseObjects(self._exchange(self._as_list(self._client.getObjectsRequest())).data, True)
        return {(int(item.objectType), item.logicalName): item.shortName for item in listed}

    @staticmethod
    def _as_list(messages):
        return messages if isinstance(messages, list) else [messages]

    def octets(self, class_id: int, obis: str, attribute: int) -> bytes:
        from gurux_dlms.enums import ObjectType
        from gurux_dlms.objects import GXDLMSObject

        if self._names and (class_id, obis) not in self._names:
            raise ValueError(f"class {class_id} is not known to this client")
        item = GXDLMSObject(ObjectType(class_id), obis, self._names.get((class_id, obis), 0))
        return bytes(self._checked(self._client.read(item, attribute)).data.array())

    def _checked(self, messages):
        """The answer to a request that has to succeed."""
        from gurux_dlms.GXDLMSException import GXDLMSException
        from gurux_dlms.GXDLMSExceptionResponse import GXDLMSExceptionResponse

        try:
            reply = self._exchange(messages)
        except GXDLMSException as error:
            raise ReadRefused(str(error)) from error
        except GXDLMSExceptionResponse as error:
            raise NotProtected(str(error)) from error
        if reply.error:
            raise ReadRefused(reply.getErrorMessage())
        return reply

    def octets_of(self, wanted: list[tuple[int, str, int]]) -> list[bytes]:
        """Several attributes, asked for together."""
        from gurux_dlms import GXByteBuffer
        from gurux_dlms.enums import ObjectType
        from gurux_dlms.internal._GXCommon import _GXCommon
        from gurux_dlms.internal._GXDataInfo import _GXDataInfo
        from gurux_dlms.objects import GXDLMSObject

        items = [(GXDLMSObject(ObjectType(class_id), obis, 0), attribute) for class_id, obis, attribute in wanted]
        data = GXByteBuffer(self._checked(self._client.readList(items)).data.array())
        data.position = 4  # tag, kind, invoke id and count
        octets = []
        for _ in wanted:
            if data.getUInt8():
                raise ReadRefused("one of the list was refused")
            first = data.position
            _GXCommon.getData(self._client.settings, data, _GXDataInfo())
            octets.append(bytes(data.array()[first : data.position]))
        return octets

    def write_text(self, class_id: int, obis: str, attribute: int, text: bytes) -> None:
        """Write an octet-string; this client's objects know the types of class 1 by what is set."""
        from gurux_dlms.enums import DataType
        from gurux_dlms.objects import GXDLMSData

        assert class_id == 1
        item = GXDLMSData(obis)
        item.value = bytearray(text)
        item.setDataType(attribute, DataType.OCTET_STRING)
        self._checked(self._client.write(item, attribute))

    def transfer_keys(self, keys: dict[int, bytes]) -> None:
        """Replace global keys by method 2 of the security setup."""
        from gurux_dlms.objects import GXDLMSSecuritySetup
        from gurux_dlms.objects.enums import GlobalKeyType

        listed = [(GlobalKeyType(number), key) for number, key in keys.items()]
        self._checked(self._as_list(GXDLMSSecuritySetup().globalKeyTransfer(self._client, self._master, listed)))

    def send_image(self, identifier: bytes, image: bytes) -> None:
        """Transfer, verify and activate firmware."""
        from gurux_dlms.objects import GXDLMSImageTransfer

        item = GXDLMSImageTransfer()
        name = identifier.decode()
        item.imageBlockSize = int.from_bytes(self.octets(18, item.logicalName, 2)[1:], "big")
        self._checked(self._as_list(item.imageTransferInitiate(self._client, name, len(image))))
        # Made one by one: the package would cipher all blocks before the first is sent, which is no harm, but it also
        # numbers blocks of each call from 0, so that only a call with the whole image numbers them right.
        for messages in item.imageBlockTransfer(self._client, image, []):
            self._checked(messages)
        self._checked(self._as_list(item.imageVerify(self._client)))
        self._checked(self._as_list(item.imageActivate(self._client)))

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
            self._send(message, reply)
            while reply.isMoreData():
                self._send(self._client.receiverReady(reply), reply)
        return reply

    def _send(self, message, reply) -> None:
        from gurux_dlms import GXByteBuffer, GXReplyData

        self._socket.sendall(bytes(message[0] if isinstance(message, list) else message))
        buffer = GXByteBuffer()
        buffer.set(self._frame() if self._link else self._wrapped())
        self._client.getData(buffer, reply, GXReplyData())
        # The other frames of a window come without another request.
        while self._link and reply.isStreaming():
            buffer = GXByteBuffer()
            buffer.set(self._frame())
            self._client.getData(buffer, reply, GXReplyData())

    def _wrapped(self) -> bytes:
        header = self._receive(8)
        return header + self._receive(int.from_bytes(header[6:8], "big"))

    def _frame(self) -> bytes:
        """A frame of HDLC, by its length."""
        head = self._receive(3)
        assert head[0] == 0x7E and head[1] >> 4 == 0xA, head.hex()
        return head + self._receive((int.from_bytes(head[1:3], "big") & 0x7FF) - 1)

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            if not part:
                raise ConnectionError("the meter closed the connection")
            received += part
        return received

    def close(self) -> None:
        if self._link:
            self._exchange([self._client.disconnectRequest()])
        self._socket.close()


class DlmsCosemClient:
    """The client of the package dlms-cosem."""

    name = "dlms-cosem"

    def __init__(self, access: Access) -> None:
        import structlog
        from dlms_cosem.client import DlmsClient, HLSError
        from dlms_cosem.exceptions import DlmsClientException, LocalDlmsProtocolError
        from dlms_cosem.io import BlockingTcpIO, HdlcTransport, TcpTransport

        # The package logs each octet it moves; only what is critical may speak here.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        transport = (HdlcTransport if access.link else TcpTransport)(
            client_logical_address=access.client,
            server_logical_address=1,
            io=BlockingTcpIO(host=access.host, port=access.port, timeout=10),
            **({"server_physical_address": access.link.physical} if access.link else {}),
        )
        if access.protection:
            self._master = access.protection.all_keys.master
        self._client = DlmsClient(
            transport=transport, authentication=self._authentication(access), **self._security(access.protection)
        )
        self._client.connect()
        try:
            self._client.associate()
        except (DlmsClientException, HLSError, LocalDlmsProtocolError) as error:
            self._client.disconnect()
            raise AssociationRefused(str(error)) from error

    @staticmethod
    def _authentication(access: Access):
        from dlms_cosem import security

        # The package has no other mechanisms.
        match access.authentication:
            case "none":
                return security.NoSecurityAuthentication()
            case "low":
                return security.LowLevelSecurityAuthentication(access.password.encode())
            case "aes":
                return security.HighLevelSecurityCommonAuthentication(access.password.encode())
            case "gmac":
                return security.HighLevelSecurityGmacAuthentication()
            case other:
                raise ValueError(f"dlms-cosem has no mechanism {other}")

    @staticmethod
    def _security(protection: Protection | None) -> dict:
        if protection is None:
            return {}
        if not (protection.authenticated and protection.encrypted) or protection.envelope != "general-global":
            raise ValueError("dlms-cosem ciphers by general-glo-ciphering, authenticated and encrypted, or not at all")
        keys = protection.all_keys
        return {
            "encryption_key": keys.block_cipher,
            "authentication_key": keys.authentication,
            "security_suite": protection.suite,
            "client_system_title": protection.title,
            "client_initial_invocation_counter": protection.counter,
        }

    @property
    def counter(self) -> int:
        """The invocation counter of the next message."""
        return self._client.client_invocation_counter

    @staticmethod
    def _attribute(class_id: int, obis: str, attribute: int):
        from dlms_cosem.cosem import CosemAttribute, Obis
        from dlms_cosem.enumerations import CosemInterface

        return CosemAttribute(CosemInterface(class_id), Obis(*(int(part) for part in obis.split("."))), attribute)

    def octets(self, class_id: int, obis: str, attribute: int) -> bytes:
        from dlms_cosem.client import DataResultError

        try:
            return bytes(self._client.get(self._attribute(class_id, obis, attribute)))
        except DataResultError as error:
            raise ReadRefused(str(error)) from error

    def octets_of(self, wanted: list[tuple[int, str, int]]) -> list[bytes]:
        """Several attributes, asked for together."""
        from dlms_cosem.cosem import CosemAttributeWithSelection

        response = self._client.get_many(
            [CosemAttributeWithSelection(self._attribute(*attribute), None) for attribute in wanted]
        )
        return [bytes(item.to_bytes()) for item in response.response_data]

    def write_text(self, class_id: int, obis: str, attribute: int, text: bytes) -> None:
        """Write an octet-string; the package writes no blocks."""
        from dlms_cosem.dlms_data import OctetStringData

        value = bytes(OctetStringData(text).to_bytes())
        result = self._client.set(self._attribute(class_id, obis, attribute), value).result
        if result.value:
            raise ReadRefused(str(result))

    def _invoke(self, class_id: int, obis: str, method: int, parameter: bytes) -> None:
        from dlms_cosem.client import ActionError
        from dlms_cosem.cosem import CosemMethod

        named = self._attribute(class_id, obis, method)
        try:
            self._client.action(CosemMethod(named.interface, named.instance, method), parameter)
        except ActionError as error:
            raise ReadRefused(str(error)) from error

    def transfer_keys(self, keys: dict[int, bytes]) -> None:
        """Replace global keys by method 2 of the security setup."""
        from dlms_cosem.security import SecurityControlField, wrap_key

        master = self._master
        control = SecurityControlField(2 if len(master) == 32 else 0, authenticated=True, encrypted=True)
        listed = b"".join(
            bytes([2, 2, 0x16, number, 9, len(key) + 8]) + wrap_key(control, master, key)
            for number, key in keys.items()
        )
        self._invoke(64, "0.0.43.0.0.255", 2, bytes([1, len(keys)]) + listed)

    def send_image(self, identifier: bytes, image: bytes) -> None:
        """Transfer, verify and activate firmware; the package has ACTION, but nothing for this class."""
        name = "0.0.44.0.0.255"
        size = int.from_bytes(self.octets(18, name, 2)[1:], "big")
        number = len(image).to_bytes(4, "big")
        self._invoke(18, name, 1, bytes([2, 2, 9, len(identifier)]) + identifier + bytes([6]) + number)
        for index in range(0, len(image), size):
            block = image[index : index + size]
            head = bytes([2, 2, 6]) + (index // size).to_bytes(4, "big") + bytes([9, 0x82]) + len(block).to_bytes(2, "big")
            self._invoke(18, name, 2, head + block)
        self._invoke(18, name, 3, bytes([0x0F, 0]))
        self._invoke(18, name, 4, bytes([0x0F, 0]))

    def close(self) -> None:
        self._client.release_association()
        self._client.disconnect()


ALL_CLIENTS = (PydlmsClient, GuruxClient, DlmsCosemClient)
