// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

enum DecipheringEntry {
    private static let systemTitle: [UInt8] = [0x4D, 0x4D, 0x4D, 0, 0, 0, 0, 1]
    private static let suites: [SecuritySuite] = [.suite0, .suite1, .suite2]
    private static let rings: [ContentKeyRing] = suites.compactMap { suite in
        let key = Secret(Array(0..<UInt8(suite.keyLength)))
        return try? ContentKeyRing(
            suite: suite,
            unicastKey: key,
            broadcastKey: key,
            authenticationKey: key,
            masterKey: key
        )
    }
    private static let protections: [MessageProtection] = suites.flatMap { suite in
        let key = Secret(Array(0..<UInt8(suite.keyLength)))
        return [key, nil].compactMap { authenticationKey in
            try? MessageProtection(suite: suite, encryptionKey: key, authenticationKey: authenticationKey)
        }
    }

    /// Whatever is inside of a protected APDU is decoded; what is protected comes back.
    static func fault(of input: [UInt8]) -> String? {
        guard rings.count == 3, protections.count == 6 else { return "the keys cannot be made" }
        if let apdu = try? APDU(octets: input), let fault = open(apdu, depth: 0) { return fault }
        return sealAndOpen(input)
    }

    private static func open(_ apdu: APDU, depth: Int) -> String? {
        guard depth < 4 else { return nil }
        var plain: [[UInt8]] = []
        switch apdu {
        case .ciphered(let apdu): plain = contents(apdu.content, systemTitle)
        case .generalKeyCiphering(let apdu): plain = contents(apdu.content, apdu.systemTitle)
        case .generalCiphering(let apdu):
            plain = rings.compactMap { try? apdu.opening(with: $0, allowsUnverified: true).apdu }
        case .generalSigning(let apdu): plain = [apdu.content]
        case .generalBlockTransfer(let apdu): plain = [apdu.blockData]
        default: return APDUEntry.roundTripFault(of: apdu)
        }
        for octets in plain {
            if let inner = try? APDU(octets: octets), let fault = open(inner, depth: depth + 1) { return fault }
        }
        return nil
    }

    private static func contents(_ content: [UInt8], _ title: [UInt8]) -> [[UInt8]] {
        protections.compactMap {
            try? $0.unprotect(content, systemTitle: title, allowsUnverified: true).apdu
        }
    }

    /// Takes the first octets for a header and protects the others with it.
    private static func sealAndOpen(_ input: [UInt8]) -> String? {
        guard input.count > 5 else { return nil }
        let control = SecurityControl(rawValue: input[0])
        let counter = input[1..<5].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let plain = Array(input[5...])
        for protection in protections {
            guard
                let content = try? protection.protect(
                    plain,
                    control: control,
                    systemTitle: systemTitle,
                    invocationCounter: counter
                )
            else { continue }
            guard let opened = try? protection.unprotect(content, systemTitle: systemTitle) else {
                return "what was protected is refused"
            }
            guard opened.apdu == plain, opened.isVerified == control.isAuthenticated else {
                return "what was protected comes back changed"
            }
            guard control.isAuthenticated else { continue }
            var damaged = content
            damaged[damaged.count - 1] ^= 1
            guard (try? protection.unprotect(damaged, systemTitle: systemTitle)) == nil else {
                return "a wrong tag is accepted"
            }
        }
        return nil
    }
}
