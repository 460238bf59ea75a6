// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How APDUs are framed on the way to a meter, with the addresses of both sides.
public enum LinkSettings: Hashable, Sendable {
    /// The TCP wrapper of IEC 62056-47: a header of 8 octets with the client's and the server's wPort.
    case wrapper(clientPort: UInt16, serverPort: UInt16)
    /// The data link of IEC 62056-46, which is set up before the association and ended after it.
    case hdlc(HDLCLinkSettings)
    /// The text protocol of IEC 62056-21, without APDUs and associations; for ``TextClientMachine`` only.
    case text(TextLinkSettings)

    /// The client's service access point, such as 16 for the public client; 0 where there is none.
    public var clientAddress: UInt16 {
        switch self {
        case .wrapper(let clientPort, _): clientPort
        case .hdlc(let settings): UInt16(settings.client)
        case .text: 0
        }
    }
}
