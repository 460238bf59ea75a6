// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A server answers to an AARQ (IEC 62056-5-3, AARE, tag 61).
///
/// Laid out as the AARQ; fields that are not understood are kept in `otherFields`.
public struct AARE: Hashable, Sendable {
    /// The protocol version, a BIT STRING with its count of unused bits; nil = default (tag 80).
    public var protocolVersion: [UInt8]?
    /// How objects are named (tag A1).
    public var applicationContext: ApplicationContext
    /// Whether the association is accepted (tag A2).
    public var result: AssociationResult
    /// Why (tag A3).
    public var diagnostic: AssociationDiagnostic
    /// The system title of the server, eight octets (tag A4).
    public var respondingAPTitle: [UInt8]?
    /// The certificate of the server (tag A5).
    public var respondingAEQualifier: [UInt8]?
    /// The invocation of the server's process (tag A6).
    public var respondingAPInvocationID: [UInt8]?
    /// The invocation of the server's entity (tag A7).
    public var respondingAEInvocationID: [UInt8]?
    /// What the server needs from ACSE; 07 80 = authentication (tag 88).
    public var responderACSERequirements: [UInt8]?
    /// How client and server authenticate (tag 89).
    public var mechanism: AuthenticationMechanism?
    /// The challenge of the server (tag AA).
    public var respondingAuthenticationValue: AuthenticationValue?
    /// Information about the implementation (tag BD).
    public var implementationInformation: [UInt8]?
    /// An InitiateResponse or ConfirmedServiceError, ciphered or not; some meters leave it out when they reject (tag BE).
    public var userInformation: [UInt8]?
    /// Fields that are not understood.
    public var otherFields: [BERElement]

    /// Makes an answer as servers send it; the other fields can be set afterwards.
    ///
    /// A mechanism brings the requirement of authentication with it.
    public init(
        applicationContext: ApplicationContext,
        result: AssociationResult,
        diagnostic: AssociationDiagnostic,
        respondingAPTitle: [UInt8]? = nil,
        mechanism: AuthenticationMechanism? = nil,
        respondingAuthenticationValue: AuthenticationValue? = nil,
        userInformation: [UInt8]?
    ) {
        self.applicationContext = applicationContext
        self.result = result
        self.diagnostic = diagnostic
        self.respondingAPTitle = respondingAPTitle
        responderACSERequirements = mechanism == nil ? nil : AARQ.authenticationRequirement
        self.mechanism = mechanism
        self.respondingAuthenticationValue = respondingAuthenticationValue
        self.userInformation = userInformation
        otherFields = []
    }
}

extension AARE: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`, also when application context, result or diagnostic is missing.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        var fields = try ACSEFields(tag: APDUTag.aare, from: &reader, "aare")
        protocolVersion = fields.primitive(0x80)
        applicationContext = ApplicationContext(
            identifier: BERObjectIdentifier(octets: try fields.required(0xA1, 0x06))
        )
        result = AssociationResult(rawValue: try fields.integer(try fields.required(0xA2, 0x02)))
        diagnostic = try AARE.takeDiagnostic(&fields, at: reader.offset)
        respondingAPTitle = fields.inner(0xA4, 0x04)
        respondingAEQualifier = fields.inner(0xA5, 0x04)
        respondingAPInvocationID = fields.inner(0xA6, 0x02)
        respondingAEInvocationID = fields.inner(0xA7, 0x02)
        responderACSERequirements = fields.primitive(0x88)
        mechanism = fields.primitive(0x89).map {
            AuthenticationMechanism(identifier: BERObjectIdentifier(octets: $0))
        }
        respondingAuthenticationValue = fields.inner(0xAA, 0x80).map(AuthenticationValue.init)
        implementationInformation = fields.inner(0xBD, 0x04)
        userInformation = AARE.completed(fields.inner(0xBE, 0x04), from: &reader)
        otherFields = fields.others
    }

    /// Adds the octet that lengths left out to user information that lacks exactly one.
    ///
    /// Observed: old stacks write the conformance tag in two octets and count one, in all lengths around it.
    private static func completed(_ userInformation: [UInt8]?, from reader: inout OctetReader) -> [UInt8]? {
        guard let userInformation, reader.remaining == 1, let last = reader.peek() else { return userInformation }
        let longer = userInformation + [last]
        guard (try? InitiateResponse(octets: userInformation)) == nil,
            (try? InitiateResponse(octets: longer)) != nil
        else { return userInformation }
        _ = reader.readRest()
        return longer
    }

    private static func takeDiagnostic(
        _ fields: inout ACSEFields,
        at offset: Int
    ) throws(DecodeError) -> AssociationDiagnostic {
        guard let source = fields.element(0xA3), let number = source.inner(0x02) else {
            throw DecodeError(.missingField(tag: 0xA3), at: offset, what: "aare")
        }
        switch source.tag {
        case 0xA1: return .serviceUser(try fields.integer(number))
        case 0xA2: return .serviceProvider(try fields.integer(number))
        default: throw DecodeError(.unknownTag(source.tag), at: offset, what: "aare, result-source-diagnostic")
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        let source: UInt8 =
            switch diagnostic {
            case .serviceUser: 0xA1
            case .serviceProvider: 0xA2
            }
        let number = BERElement(tag: 0x02, content: [diagnostic.rawValue])
        let fields: [BERElement?] = [
            .primitive(0x80, protocolVersion),
            .wrapping(0xA1, 0x06, applicationContext.identifier.octets),
            .wrapping(0xA2, 0x02, [result.rawValue]),
            .wrapping(0xA3, source, number.octets),
            .wrapping(0xA4, 0x04, respondingAPTitle),
            .wrapping(0xA5, 0x04, respondingAEQualifier),
            .wrapping(0xA6, 0x02, respondingAPInvocationID),
            .wrapping(0xA7, 0x02, respondingAEInvocationID),
            .primitive(0x88, responderACSERequirements),
            .primitive(0x89, mechanism?.identifier.octets),
            .wrapping(0xAA, 0x80, respondingAuthenticationValue?.octets),
            .wrapping(0xBD, 0x04, implementationInformation),
            .wrapping(0xBE, 0x04, userInformation),
        ]
        writer.writeACSE(tag: APDUTag.aare, fields + otherFields)
    }
}
