// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Foundation
import JSONText
import ProtocolDecoder
import Testing

/// Looking into ciphered APDUs with keys.
@Suite struct DecipheringTests {
    private static let key = Secret(Array(0..<16))
    private static let authenticationKey = Secret(Array(0xD0..<0xE0))
    private static let title: [UInt8] = [0x4D, 0x4D, 0x4D, 0, 0, 0xBC, 0x61, 0x4E]
    private static let get = "C0010000080000010000FF0200"

    @Test func plaintextOfEachVectorIsShown() throws {
        let vectors = try vectors("DLMSSecurityTests/Vectors/cipher.json")
        #expect(vectors.count == 21)
        for vector in vectors {
            let name = try #require(vector["name"]?.string)
            let hex = try #require(vector["hex"]?.string)
            guard let parameters = vector["params"], parameters["encryption_key"] != nil else { continue }
            // The printed tag of this example fits no known associated data.
            let isTagRight = parameters["assert_tag"]?.bool != false
            let value = try decode(
                hex,
                DecipheringKeys(
                    systemTitle: try octets(parameters["system_title"]),
                    blockCipherKey: Secret(try octets(parameters["encryption_key"])),
                    authenticationKey: isTagRight ? Secret(try octets(parameters["authentication_key"])) : nil
                )
            )
            #expect(value["plaintext"]?.string == parameters["plaintext"]?.string, "\(name)")
            #expect(value["verified"]?.bool == isTagRight, "\(name)")
            if let expected = vector["plaintext_decoded"] {
                #expect(Tree(value["plaintext_decoded"]) == Tree(expected), "\(name)")
            } else {
                #expect(value["plaintext_decoded"]?["apdu"] != nil, "\(name)")
            }
            #expect(value["reencoded"]?.string == hex, "\(name)")
        }
    }

    @Test func plaintextOfCapturedFramesIsShown() throws {
        var count = 0
        for vector in try vectors("DLMSCodecTests/Vectors/push-capture.json") {
            guard let parameters = vector["params"], parameters["encryption_key"] != nil else { continue }
            let keys = DecipheringKeys(
                blockCipherKey: Secret(try octets(parameters["encryption_key"])),
                authenticationKey: Secret(try octets(parameters["authentication_key"]))
            )
            let messages = try decode(try #require(vector["hex"]?.string), keys)["messages"]?.array
            // Blocks come first, each as a message; what they make up is the last.
            let message = try #require(messages?.last)
            #expect(message["plaintext"]?.string == parameters["plaintext"]?.string)
            #expect(message["plaintext_decoded"]?["apdu"]?.string == "data-notification")
            #expect(message["verified"]?.bool == true)
            count += 1
        }
        #expect(count == 2)
    }

    @Test func withoutKeysThereIsNoPlaintext() throws {
        let value = try JSONReader.parse(
            ProtocolDecoder().decode(layer: .auto, hexadecimal: "C81E1001234567\(Self.get)06725D910F9221D263877516")
                .json
        )
        #expect(value["decoded"] != nil)
        #expect(value["plaintext"] == nil && value["verified"] == nil)
    }

    @Test func octetsWithoutProtectionAreDecodedAsBefore() throws {
        let value = try decode(Self.get, DecipheringKeys(blockCipherKey: Self.key))
        #expect(value["decoded"]?["apdu"]?.string == "get-request-normal")
        #expect(value["plaintext"] == nil)
    }

    @Test func anAlteredTagIsAProblemUnlessNobodyChecksIt() throws {
        let hex = "C81E30012345674113" + "12FF935A47566827C467BC7D825C3BE4A77C3FCC056B6C"
        let problem = try decode(hex, keys())["problem"]
        #expect(problem?["title"]?.string == "Not deciphered")
        let value = try decode(hex, DecipheringKeys(systemTitle: Self.title, blockCipherKey: Self.key))
        #expect(value["plaintext"]?.string == Self.get)
        #expect(value["verified"]?.bool == false)
    }

    @Test func anotherKeyIsAProblemAndIsNotShown() throws {
        let hex = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"
        for authenticationKey in [nil, Self.key] {
            let text = String(
                decoding: ProtocolDecoder(
                    keys: DecipheringKeys(
                        systemTitle: Self.title,
                        blockCipherKey: Self.authenticationKey,
                        authenticationKey: authenticationKey
                    )
                ).decode(layer: .auto, hexadecimal: hex).json,
                as: UTF8.self
            )
            #expect(text.contains("Not deciphered"))
            #expect(!text.contains("D0D1D2"))
        }
    }

    @Test func aMissingSystemTitleIsAskedFor() throws {
        let hex = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"
        let problem = try decode(hex, DecipheringKeys(blockCipherKey: Self.key))["problem"]
        #expect(problem?["title"]?.string == "System title needed")
        let long = DecipheringKeys(systemTitle: Self.title, blockCipherKey: Secret(Array(0..<32)))
        #expect(try decode(hex, long)["problem"]?["title"]?.string == "Not deciphered")
    }

    @Test func protectionIsFoundInFramesAssociationsAndSignedMessages() throws {
        let protection = try MessageProtection(
            suite: .suite0,
            encryptionKey: Self.key,
            authenticationKey: Self.authenticationKey
        )
        let initiate = try #require(Hexadecimal.octets(of: "01000000065F1F0400007E1F04B0"))
        let content = try protection.protect(
            initiate,
            control: SecurityControl(suite: .suite0, isAuthenticated: true, isEncrypted: true),
            systemTitle: Self.title,
            invocationCounter: 1
        )
        let ciphered = try #require(CipheredAPDU(plainTag: 1, key: .global, content: content)).octets
        let association = AARQ(
            applicationContext: .logicalNameCiphered,
            callingAPTitle: Self.title,
            userInformation: ciphered
        )
        let header = GeneralProtectionHeader(transactionID: [], originatorSystemTitle: [], recipientSystemTitle: [])
        let signed = GeneralSigning(header: header, content: ciphered, signature: [UInt8](repeating: 0, count: 64))
        let frame = try #require(WrapperFrame(sourcePort: 1, destinationPort: 1, payload: ciphered))
        for octets in [association.octets, signed.octets, frame.octets] {
            var keys = keys()
            // The association tells the title itself.
            if octets == association.octets { keys.systemTitle = nil }
            let value = try decode(Hexadecimal.text(of: octets), keys)
            #expect(value["plaintext"]?.string == Hexadecimal.text(of: initiate))
            #expect(value["plaintext_decoded"]?["apdu"]?.string == "initiate-request")
            #expect(value["verified"]?.bool == true)
        }
    }

    private func keys() -> DecipheringKeys {
        DecipheringKeys(
            systemTitle: Self.title,
            blockCipherKey: Self.key,
            authenticationKey: Self.authenticationKey
        )
    }

    private func decode(_ hex: String, _ keys: DecipheringKeys) throws -> JSONValue {
        try JSONReader.parse(ProtocolDecoder(keys: keys).decode(layer: .auto, hexadecimal: hex).json)
    }

    private func octets(_ value: JSONValue?) throws -> [UInt8] {
        let text = try #require(value?.string)
        return try #require(Hexadecimal.octets(of: text))
    }

    private func vectors(_ path: String) throws -> [JSONValue] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent(path)
        return try #require(JSONReader.parse([UInt8](Data(contentsOf: file))).array)
    }
}
