// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What octets are taken for.
public enum DecodeLayer: String, CaseIterable, Sendable {
    /// The first of the others that fits.
    case auto
    /// One COSEM value with its tag.
    case data
    /// A date-time of twelve octets.
    case datetime
    /// AARQ, AARE, RLRQ or RLRE.
    case acse
    /// An APDU of the application layer; a ciphered one shows its security header.
    case xdlms
    /// An HDLC frame.
    case hdlc
    /// A frame of the TCP and UDP transport.
    case wrapper
    /// A ciphered APDU.
    case cipher
    /// A message of the text protocol.
    case textProtocol = "iec62056-21"
}
