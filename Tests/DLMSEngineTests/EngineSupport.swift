// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// A fixed point in time; tests move on from here.
let start = ContinuousClock.now

func hex(_ text: String) -> [UInt8] {
    Hexadecimal.octets(of: text.filter { !$0.isWhitespace }) ?? []
}

/// An APDU in a wrapper frame from the client (16) to the server (1).
func toServer(_ apdu: [UInt8], client: UInt16 = 16) -> [UInt8] {
    WrapperFrame(sourcePort: client, destinationPort: 1, payload: apdu)?.octets ?? []
}

/// An APDU in a wrapper frame from the server (1) to the client (16).
func toClient(_ apdu: [UInt8], client: UInt16 = 16) -> [UInt8] {
    WrapperFrame(sourcePort: 1, destinationPort: client, payload: apdu)?.octets ?? []
}

func attribute(_ index: Int8 = 2, of name: String = "1.0.1.8.0.255", class classID: UInt16 = 3) -> AttributeRequest {
    AttributeRequest(
        AttributeDescriptor(
            classID: classID,
            instanceID: OBISCode(name) ?? OBISCode(0, 0, 0, 0, 0, 0),
            attributeID: index
        )
    )
}

func settings(
    client: UInt16 = 16,
    authentication: AssociationAuthentication = .none,
    maxReceivePDUSize: UInt16 = 0xFFFF
) -> AssociationSettings {
    AssociationSettings(
        link: .wrapper(clientPort: client, serverPort: 1),
        authentication: authentication,
        maxReceivePDUSize: maxReceivePDUSize
    )
}

/// The AARE of a server that agrees to everything, with a max PDU size of 1024 octets.
let acceptance = hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D04000007")

/// A machine with an open association, ready for a request.
func associatedMachine(_ aare: [UInt8] = acceptance) -> ClientMachine {
    var machine = ClientMachine(settings: settings())
    _ = machine.connected(now: start)
    _ = machine.received(toClient(aare), now: start)
    return machine
}

extension ServerMachine {
    /// Octets come at the time at which the tests begin.
    mutating func received(_ octets: [UInt8]) -> [ServerAction] { received(octets, now: start) }
}
