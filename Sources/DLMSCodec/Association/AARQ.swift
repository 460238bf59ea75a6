// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A client asks for an association (IEC 62056-5-3, AARQ, tag 60).
///
/// The fields are BER elements with the tags A1 to BE. Identifiers and titles are kept as octets; fields that are not
/// understood are kept in `otherFields`.
public struct AARQ: Hashable, Sendable {
    /// The protocol version, a BIT STRING with its count of unused bits; nil = default (tag 80).
    public var protocolVersion: [UInt8]?
    /// How objects are named (tag A1).
    public var applicationContext: ApplicationContext
    /// The title of the server (tag A2).
    public var calledAPTitle: [UInt8]?
    /// The qualifier of the server (tag A3).
    public var calledAEQualifier: [UInt8]?
    /// The invocation of the server's process (tag A4).
    public var calledAPInvocationID: [UInt8]?
    /// The invocation of the server's entity (tag A5).
    public var calledAEInvocationID: [UInt8]?
    /// The system title of the client, eight octets (tag A6).
    public var callingAPTitle: [UInt8]?
    /// The certificate of the client, or user information (tag A7).
    public var callingAEQualifier: [UInt8]?
    /// The invocation of the client's process (tag A8).
    public var callingAPInvocationID: [UInt8]?
    /// The user of the client (tag A9).
    public var callingAEInvocationID: [UInt8]?
    /// What the client needs from ACSE, a BIT STRING with its count of unused bits; 07 80 = authentication (tag 8A).
    public var senderACSERequirements: [UInt8]?
    /// How the client authenticates (tag 8B).
    public var mechanism: AuthenticationMechanism?
    /// The password or challenge of the client (tag AC).
    public var callingAuthenticationValue: AuthenticationValue?
    /// Information about the implementation (tag BD).
    public var implementationInformation: [UInt8]?
    /// An InitiateRequest, ciphered or not (tag BE).
    public var userInformation: [UInt8]?
    /// Fields that are not understood.
    public var otherFields: [BERElement]

    /// The requirement of authentication.
    public static let authenticationRequirement: [UInt8] = [0x07, 0x80]

    /// Makes a request as clients send it; the other fields can be set afterwards.
    ///
    /// A mechanism brings the requirement of authentication with it.
    public init(
        applicationContext: ApplicationContext,
        callingAPTitle: [UInt8]? = nil,
        mechanism: AuthenticationMechanism? = nil,
        callingAuthenticationValue: AuthenticationValue? = nil,
        userInformation: [UInt8]?
    ) {
        self.applicationContext = applicationContext
        self.callingAPTitle = callingAPTitle
        senderACSERequirements = mechanism == nil ? nil : Self.authenticationRequirement
        self.mechanism = mechanism
        self.callingAuthenticationValue = callingAuthenticationValue
        self.userInformation = userInformation
        otherFields = []
    }
}

extension AARQ: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`, also when the application context is missing.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        var fields = try ACSEFields(tag: APDUTag.aarq, from: &reader, "aarq")
        protocolVersion = fields.primitive(0x80)
        applicationContext = ApplicationContext(
            identifier: BERObjectIdentifier(octets: try fields.required(0xA1, 0x06))
        )
        calledAPTitle = fields.inner(0xA2, 0x04)
        calledAEQualifier = fields.inner(0xA3, 0x04)
        calledAPInvocationID = fields.inner(0xA4, 0x02)
        calledAEInvocationID = fields.inner(0xA5, 0x02)
        callingAPTitle = fields.inner(0xA6, 0x04)
        callingAEQualifier = fields.inner(0xA7, 0x04)
        callingAPInvocationID = fields.inner(0xA8, 0x02)
        callingAEInvocationID = fields.inner(0xA9, 0x02)
        senderACSERequirements = fields.primitive(0x8A)
        mechanism = fields.primitive(0x8B).map {
            AuthenticationMechanism(identifier: BERObjectIdentifier(octets: $0))
        }
        callingAuthenticationValue = fields.inner(0xAC, 0x80).map(AuthenticationValue.init)
        implementationInformation = fields.inner(0xBD, 0x04)
        userInformation = fields.inner(0xBE, 0x04)
        otherFields = fields.others
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        let fields: [BERElement?] = [
            .primitive(0x80, protocolVersion),
            .wrapping(0xA1, 0x06, applicationContext.identifier.octets),
            .wrapping(0xA2, 0x04, calledAPTitle),
            .wrapping(0xA3, 0x04, calledAEQualifier),
            .wrapping(0xA4, 0x02, calledAPInvocationID),
            .wrapping(0xA5, 0x02, calledAEInvocationID),
            .wrapping(0xA6, 0x04, callingAPTitle),
            .wrapping(0xA7, 0x04, callingAEQualifier),
            .wrapping(0xA8, 0x02, callingAPInvocationID),
            .wrapping(0xA9, 0x02, callingAEInvocationID),
            .primitive(0x8A, senderACSERequirements),
            .primitive(0x8B, mechanism?.identifier.octets),
            .wrapping(0xAC, 0x80, callingAuthenticationValue?.octets),
            .wrapping(0xBD, 0x04, implementationInformation),
            .wrapping(0xBE, 0x04, userInformation),
        ]
        writer.writeACSE(tag: APDUTag.aarq, fields + otherFields)
    }
}
