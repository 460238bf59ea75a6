// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func members(of apdu: AARQ) {
        self.apdu("aarq")
        optionalOctets("protocol_version", apdu.protocolVersion)
        json.member("application_context_name", apdu.applicationContext.identifier.text)
        optionalOctets("called_ap_title", apdu.calledAPTitle)
        optionalOctets("called_ae_qualifier", apdu.calledAEQualifier)
        optionalOctets("called_ap_invocation_id", apdu.calledAPInvocationID)
        optionalOctets("called_ae_invocation_id", apdu.calledAEInvocationID)
        optionalOctets("calling_ap_title", apdu.callingAPTitle)
        optionalOctets("calling_ae_qualifier", apdu.callingAEQualifier)
        optionalOctets("calling_ap_invocation_id", apdu.callingAPInvocationID)
        optionalOctets("calling_ae_invocation_id", apdu.callingAEInvocationID)
        optionalOctets("sender_acse_requirements", apdu.senderACSERequirements)
        mechanism(apdu.mechanism)
        optionalOctets("calling_authentication_value", apdu.callingAuthenticationValue?.octets)
        optionalOctets("implementation_information", apdu.implementationInformation)
        userInformation(apdu.userInformation)
        others(apdu.otherFields)
    }

    mutating func members(of apdu: AARE) {
        self.apdu("aare")
        optionalOctets("protocol_version", apdu.protocolVersion)
        json.member("application_context_name", apdu.applicationContext.identifier.text)
        json.member("result", apdu.result.rawValue)
        json.member("diagnostic_source", apdu.diagnostic.sourceName)
        json.member("diagnostic", apdu.diagnostic.rawValue)
        optionalOctets("responding_ap_title", apdu.respondingAPTitle)
        optionalOctets("responding_ae_qualifier", apdu.respondingAEQualifier)
        optionalOctets("responding_ap_invocation_id", apdu.respondingAPInvocationID)
        optionalOctets("responding_ae_invocation_id", apdu.respondingAEInvocationID)
        optionalOctets("responder_acse_requirements", apdu.responderACSERequirements)
        mechanism(apdu.mechanism)
        optionalOctets("responding_authentication_value", apdu.respondingAuthenticationValue?.octets)
        optionalOctets("implementation_information", apdu.implementationInformation)
        userInformation(apdu.userInformation)
        others(apdu.otherFields)
    }

    mutating func members(of apdu: RLRQ) {
        self.apdu("rlrq")
        if let reason = apdu.reason { json.member("reason", reason) }
        userInformation(apdu.userInformation)
        others(apdu.otherFields)
    }

    mutating func members(of apdu: RLRE) {
        self.apdu("rlre")
        if let reason = apdu.reason { json.member("reason", reason) }
        userInformation(apdu.userInformation)
        others(apdu.otherFields)
    }

    mutating func members(of apdu: InitiateRequest) {
        self.apdu("initiate-request")
        optionalOctets("dedicated_key", apdu.dedicatedKey)
        json.member("response_allowed", apdu.responseAllowed)
        if let quality = apdu.proposedQualityOfService { json.member("proposed_quality_of_service", quality) }
        json.member("proposed_dlms_version", apdu.proposedDLMSVersion)
        conformance("proposed_conformance", apdu.proposedConformance)
        json.member("client_max_receive_pdu_size", apdu.clientMaxReceivePDUSize)
    }

    mutating func members(of apdu: InitiateResponse) {
        self.apdu("initiate-response")
        if let quality = apdu.negotiatedQualityOfService { json.member("negotiated_quality_of_service", quality) }
        json.member("negotiated_dlms_version", apdu.negotiatedDLMSVersion)
        conformance("negotiated_conformance", apdu.negotiatedConformance)
        json.member("server_max_receive_pdu_size", apdu.serverMaxReceivePDUSize)
        shortName("vaa_name", apdu.vaaName)
    }

    private mutating func mechanism(_ mechanism: AuthenticationMechanism?) {
        if let mechanism { json.member("mechanism_name", mechanism.identifier.text) }
    }

    private mutating func conformance(_ name: StaticString, _ conformance: Conformance) {
        object(name) { tree in
            tree.octets("raw", conformance.bitOctets)
            tree.json.member("bits", conformance.names)
        }
    }

    private mutating func userInformation(_ octets: [UInt8]?) {
        guard let octets else { return }
        self.octets("user_information", octets)
        guard let apdu = try? APDU(octets: octets) else { return }
        json.name("user_information_decoded")
        write(apdu)
    }

    private mutating func others(_ fields: [BERElement]) {
        guard !fields.isEmpty else { return }
        list("other_fields", fields) { tree, field in
            tree.object {
                $0.octets("tag", [field.tag])
                $0.octets("content", field.content)
            }
        }
    }
}
