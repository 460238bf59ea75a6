// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension GaloisCounterKey {
    /// Encrypts and authenticates; text and tag, or nil when OpenSSL refuses.
    func sealed(_ clear: [UInt8], nonce: [UInt8], authenticating header: [UInt8], tagLength: Int) -> [UInt8]? {
        var sealed = [UInt8](repeating: 0, count: clear.count + tagLength)
        let isDone = sealed.withUnsafeMutableBytes { sealed in
            nonce.withUnsafeBytes { nonce in
                header.withUnsafeBytes { header in
                    clear.withUnsafeBytes { clear in
                        guard let text = sealed.baseAddress else { return false }
                        return encrypt(
                            nonce: nonce,
                            associated: AssociatedData(header: header),
                            clear: clear,
                            text: text,
                            tag: UnsafeMutableRawBufferPointer(rebasing: sealed[clear.count...])
                        )
                    }
                }
            }
        }
        return isDone ? sealed : nil
    }

    /// Decrypts text and tag; what became of it, and the clear octets when it was opened.
    func opened(
        _ sealed: [UInt8],
        nonce: [UInt8],
        authenticating header: [UInt8],
        tagLength: Int
    ) -> (Opening, clear: [UInt8]) {
        guard sealed.count >= tagLength else { return (.tagMismatch, []) }
        // One octet more than needed, so that there is an address for an empty text.
        var clear = [UInt8](repeating: 0, count: sealed.count - tagLength + 1)
        let opening = clear.withUnsafeMutableBytes { clear in
            nonce.withUnsafeBytes { nonce in
                header.withUnsafeBytes { header in
                    sealed.withUnsafeBytes { sealed in
                        guard let start = clear.baseAddress else { return Opening.refused }
                        return decrypt(
                            nonce: nonce,
                            associated: AssociatedData(header: header),
                            text: UnsafeRawBufferPointer(rebasing: sealed.dropLast(tagLength)),
                            clear: start,
                            tag: UnsafeRawBufferPointer(rebasing: sealed.suffix(tagLength))
                        )
                    }
                }
            }
        }
        return (opening, opening == .opened ? clear.dropLast() : [])
    }
}
