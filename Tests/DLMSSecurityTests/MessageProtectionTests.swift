// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct MessageProtectionTests {
    private static let title = hex("4D4D4D0000BC614E")
    private static let apdu = hex("C0010000080000010000FF0200")
    private let key = Secret(hex("000102030405060708090A0B0C0D0E0F"))
    private let authenticationKey = Secret(hex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"))

    private var suite0: MessageProtection {
        get throws { try MessageProtection(suite: .suite0, encryptionKey: key, authenticationKey: authenticationKey) }
    }

    @Test func allVectorsAreThere() {
        #expect(["cipher", "hls", "kdf", "keywrap", "ecdsa"].map { Vector.load($0).count } == [21, 5, 2, 2, 1])
        #expect(Vector.load("general").count == 30)
    }

    @Test(arguments: Vector.load("cipher").filter { $0.name.hasPrefix("cipher-") })
    func vectorsAreReproducedAndOpened(_ vector: Vector) throws {
        let (keys, control) = try vector.protection
        let content = try content(of: vector)
        let plain = try vector.octets("plaintext")
        let title = try vector.octets("system_title")
        let counter = try vector.number("invocation_counter")
        #expect(
            try keys.protect(plain, control: control, systemTitle: title, invocationCounter: counter) == content
        )
        let opened = try keys.unprotect(content, systemTitle: title)
        let expected = UnprotectedMessage(
            apdu: plain,
            control: control,
            invocationCounter: counter,
            isVerified: true
        )
        #expect(opened == expected)
    }

    @Test(arguments: Vector.load("cipher").filter { $0.name.hasPrefix("cipher-") })
    func eachAlteredOctetIsRefused(_ vector: Vector) throws {
        let keys = try vector.protection.keys
        let content = try content(of: vector)
        let title = try vector.octets("system_title")
        for index in content.indices {
            var altered = content
            altered[index] ^= 0x01
            #expect(throws: ProtectionError.self, "octet \(index)") {
                try keys.unprotect(altered, systemTitle: title)
            }
        }
        for index in title.indices {
            var altered = title
            altered[index] ^= 0x80
            #expect(throws: ProtectionError.tagMismatch) { try keys.unprotect(content, systemTitle: altered) }
        }
        #expect(throws: ProtectionError.tagMismatch) {
            try keys.unprotect(content, systemTitle: title, header: [0])
        }
    }

    @Test(arguments: Vector.load("cipher").filter { $0.name.hasPrefix("cipher-") })
    func cutContentIsRefused(_ vector: Vector) throws {
        let keys = try vector.protection.keys
        let content = try content(of: vector)
        let title = try vector.octets("system_title")
        for count in content.indices {
            #expect(throws: ProtectionError.self) { try keys.unprotect(Array(content[..<count]), systemTitle: title) }
        }
    }

    @Test(arguments: SecuritySuite.allCases, [(true, true), (true, false), (false, true), (false, false)])
    func everyProtectionOpensAgain(suite: SecuritySuite, protection: (Bool, Bool)) throws {
        let keys = try MessageProtection(
            suite: suite,
            encryptionKey: Secret(Array(0..<UInt8(suite.keyLength))),
            authenticationKey: Secret(Array(64..<64 + UInt8(suite.keyLength)))
        )
        for length in [0, 1, 15, 16, 17, 1000] {
            let apdu = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
            for usesBroadcastKey in [false, true] {
                let control = SecurityControl(
                    suite: suite,
                    isAuthenticated: protection.0,
                    isEncrypted: protection.1,
                    usesBroadcastKey: usesBroadcastKey
                )
                let content = try keys.protect(
                    apdu,
                    control: control,
                    systemTitle: Self.title,
                    invocationCounter: 0x0102_0304,
                    header: [7]
                )
                #expect(content.count == 5 + length + (protection.0 ? 12 : 0))
                #expect(content.starts(with: [control.rawValue, 1, 2, 3, 4]))
                let opened = try keys.unprotect(content, systemTitle: Self.title, header: [7])
                #expect(opened.apdu == apdu)
                #expect(opened.control == control)
                #expect(opened.isVerified == protection.0)
                if !protection.1 { #expect(content[5..<5 + length].elementsEqual(apdu)) }
            }
        }
    }

    @Test func encryptionAloneHasNoTagAndIsNeverVerified() throws {
        let both = try suite0.protect(
            Self.apdu,
            control: SecurityControl(rawValue: 0x30),
            systemTitle: Self.title,
            invocationCounter: 9
        )
        let alone = try suite0.protect(
            Self.apdu,
            control: SecurityControl(rawValue: 0x20),
            systemTitle: Self.title,
            invocationCounter: 9
        )
        #expect(alone.dropFirst() == both.dropFirst().dropLast(12))
        #expect(try suite0.unprotect(alone, systemTitle: Self.title).isVerified == false)
    }

    @Test func tagIsCheckedWheneverTheKeyIsKnown() throws {
        var content = try suite0.protect(
            Self.apdu,
            control: SecurityControl(rawValue: 0x30),
            systemTitle: Self.title,
            invocationCounter: 9
        )
        content[content.count - 1] ^= 1
        let keys = try suite0
        #expect(throws: ProtectionError.tagMismatch) {
            try keys.unprotect(content, systemTitle: Self.title, allowsUnverified: true)
        }
    }

    @Test(arguments: [0x10, 0x30] as [UInt8])
    func openingWithoutAuthenticationKeyMustBeAllowedAndIsMarked(control: UInt8) throws {
        let content = try suite0.protect(
            Self.apdu,
            control: SecurityControl(rawValue: control),
            systemTitle: Self.title,
            invocationCounter: 9
        )
        let keys = try MessageProtection(suite: .suite0, encryptionKey: key, authenticationKey: nil)
        #expect(throws: ProtectionError.missingAuthenticationKey) {
            try keys.unprotect(content, systemTitle: Self.title)
        }
        let opened = try keys.unprotect(content, systemTitle: Self.title, allowsUnverified: true)
        #expect(opened.apdu == Self.apdu)
        #expect(!opened.isVerified)
        #expect(throws: ProtectionError.missingAuthenticationKey) {
            try keys.protect(
                Self.apdu,
                control: SecurityControl(rawValue: control),
                systemTitle: Self.title,
                invocationCounter: 10
            )
        }
    }

    @Test func emptyAuthenticationKeyMeansThatNoneIsInUse() throws {
        let keys = try MessageProtection(suite: .suite0, encryptionKey: key, authenticationKey: Secret([]))
        let content = try keys.protect(
            Self.apdu,
            control: SecurityControl(rawValue: 0x30),
            systemTitle: Self.title,
            invocationCounter: 9
        )
        #expect(try keys.unprotect(content, systemTitle: Self.title).isVerified)
        let other = try suite0
        #expect(throws: ProtectionError.tagMismatch) { try other.unprotect(content, systemTitle: Self.title) }
    }

    @Test func wrongSettingsAreNamed() throws {
        let keys = try suite0
        let control = SecurityControl(rawValue: 0x30)
        #expect(throws: ProtectionError.keyLength(expected: 32, given: 16)) {
            try MessageProtection(suite: .suite2, encryptionKey: key, authenticationKey: nil)
        }
        #expect(throws: ProtectionError.keyLength(expected: 16, given: 15)) {
            try MessageProtection(
                suite: .suite0,
                encryptionKey: key,
                authenticationKey: Secret([UInt8](repeating: 0, count: 15))
            )
        }
        #expect(throws: ProtectionError.keyLength(expected: 16, given: 0)) {
            try MessageProtection(suite: .suite0, encryptionKey: Secret([]), authenticationKey: Secret([]))
        }
        #expect(throws: ProtectionError.systemTitleLength(7)) {
            try keys.protect([], control: control, systemTitle: Array(Self.title.dropLast()), invocationCounter: 1)
        }
        #expect(throws: ProtectionError.suiteMismatch(expected: 0, received: 1)) {
            try keys.unprotect(hex("3100000001"), systemTitle: Self.title)
        }
        #expect(throws: ProtectionError.unknownSuite(15)) {
            try keys.unprotect(hex("3F00000001"), systemTitle: Self.title)
        }
        #expect(throws: ProtectionError.unsupportedCompression) {
            try keys.unprotect(hex("B000000001"), systemTitle: Self.title)
        }
        #expect(throws: ProtectionError.tooShort(4)) { try keys.unprotect(hex("30000000"), systemTitle: Self.title) }
    }

    @Test func manyTasksMayShareOneKey() async throws {
        let keys = try suite0
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 as Range<UInt32> {
                group.addTask {
                    for round in 0..<200 as Range<UInt32> {
                        let apdu = [UInt8](
                            repeating: UInt8(truncatingIfNeeded: round),
                            count: Int(task * 7 + round % 5)
                        )
                        let content = try keys.protect(
                            apdu,
                            control: SecurityControl(rawValue: round % 2 == 0 ? 0x30 : 0x10),
                            systemTitle: Self.title,
                            invocationCounter: task << 16 | round
                        )
                        let opened = try keys.unprotect(content, systemTitle: Self.title)
                        #expect(opened.apdu == apdu && opened.isVerified)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func equalKeysAreEqualAndShowNothing() throws {
        #expect(try suite0 == suite0)
        let other = try MessageProtection(suite: .suite0, encryptionKey: authenticationKey, authenticationKey: key)
        #expect(try suite0 != other)
        var text = ""
        dump(try suite0, to: &text)
        #expect(!text.contains("208") && !text.contains("D0D1"))
    }

    /// Test case 2 of "The Galois/Counter Mode of Operation" (McGrew, Viega): its ciphertext.
    @Test func knownAnswerOfGaloisCounterMode() throws {
        let keys = try MessageProtection(
            suite: .suite0,
            encryptionKey: Secret([UInt8](repeating: 0, count: 16)),
            authenticationKey: nil
        )
        let content = try keys.protect(
            [UInt8](repeating: 0, count: 16),
            control: SecurityControl(rawValue: 0x20),
            systemTitle: [UInt8](repeating: 0, count: 8),
            invocationCounter: 0
        )
        #expect(Array(content.dropFirst(5)) == hex("0388DACE60B6A392F328C2B971B2FE78"))
    }

    private func content(of vector: Vector) throws -> [UInt8] {
        switch try APDU(octets: vector.octets) {
        case .ciphered(let apdu): apdu.content
        case .generalKeyCiphering(let apdu): apdu.content
        default: throw Vector.Missing(name: "ciphered content")
        }
    }
}
