// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import JSONText

extension TreeWriter {
    mutating func members(of apdu: CipheredAPDU) {
        self.apdu(apdu.name)
        content(apdu.content, apdu.protectedContent)
    }

    mutating func members(of apdu: GeneralKeyCiphering) {
        self.apdu(apdu.key == .global ? "general-glo-ciphering" : "general-ded-ciphering")
        octets("system_title", apdu.systemTitle)
        content(apdu.content, apdu.protectedContent)
    }

    mutating func members(of apdu: GeneralCiphering) {
        self.apdu("general-ciphering")
        header(apdu.header)
        if let information = apdu.keyInformation { keyInformation(information) }
        content(apdu.content, apdu.protectedContent)
    }

    mutating func members(of apdu: GeneralSigning) {
        self.apdu("general-signing")
        header(apdu.header)
        octets("content", apdu.content)
        octets("signature", apdu.signature)
    }

    /// Writes what was deciphered, and whether a tag vouches for it.
    ///
    /// - Throws: a problem when nothing vouches for it and it is no APDU: then the key is most likely another.
    mutating func plaintext(of message: UnprotectedMessage) throws(DecodeProblem) {
        let apdu = try? APDU(octets: message.apdu)
        guard apdu != nil || message.isVerified else {
            throw DecodeProblem(
                title: "Not deciphered",
                detail: "What the octets decipher to is no APDU.",
                hint: "Check key and system title."
            )
        }
        octets("plaintext", message.apdu)
        if let apdu {
            json.name("plaintext_decoded")
            write(apdu)
        }
        json.member("verified", message.isVerified)
    }

    private mutating func header(_ header: GeneralProtectionHeader) {
        octets("transaction_id", header.transactionID)
        octets("originator_system_title", header.originatorSystemTitle)
        octets("recipient_system_title", header.recipientSystemTitle)
        octets("date_time", header.dateTime)
        octets("other_information", header.otherInformation)
    }

    private mutating func keyInformation(_ information: KeyInformation) {
        object("key_info") { tree in
            switch information {
            case .identified(let keyID): tree.json.member("identified-key", keyID)
            case .wrapped(let keyID, let data):
                tree.object("wrapped-key") { tree in
                    tree.json.member("kek_id", keyID)
                    tree.octets("key_ciphered_data", data)
                }
            case .agreed(let parameters, let data):
                tree.object("agreed-key") { tree in
                    tree.octets("key_parameters", parameters)
                    tree.octets("key_ciphered_data", data)
                }
            }
        }
    }

    /// Writes the security header and the payload; content without a header as it is.
    private mutating func content(_ octets: [UInt8], _ content: ProtectedContent?) {
        guard let content else {
            self.octets("content", octets)
            return
        }
        let control = content.securityControl
        object("content") { tree in
            tree.octets("security_control", [control.rawValue])
            tree.json.member("suite", control.suite)
            tree.json.member("authenticated", control.isAuthenticated)
            tree.json.member("encrypted", control.isEncrypted)
            tree.json.member("broadcast_key", control.usesBroadcastKey)
            tree.json.member("compressed", control.isCompressed)
            tree.json.member("invocation_counter", content.invocationCounter)
            tree.octets("payload", content.payload)
        }
    }
}
