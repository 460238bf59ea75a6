// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore

/// The parameters of a statement as C strings, which is how libpq takes them.
struct ParameterBuffer {
    private var octets: [CChar] = []
    /// Where each parameter begins; nil for null.
    private var starts: [Int?] = []

    /// Appends a value.
    ///
    /// - Throws: a failure for a text with a NUL, which PostgreSQL cannot hold.
    mutating func append(_ value: SQLValue) throws(ServerFailure) {
        switch value {
        case .null: starts.append(nil)
        case .integer(let number): append(String(number).utf8)
        case .real(let number): append(String(number).utf8)
        case .text(let text):
            guard !text.utf8.contains(0) else {
                throw ServerFailure(state: "22021", message: "a text holds NUL", isConnectionLost: false)
            }
            append(text.utf8)
        }
    }

    /// Appends the octets of a text without NUL.
    mutating func append(_ text: some Sequence<UInt8>) {
        starts.append(octets.count)
        for octet in text { octets.append(CChar(bitPattern: octet)) }
        octets.append(0)
    }

    /// Appends the null that ends a list.
    mutating func appendEnd() {
        starts.append(nil)
    }

    /// Gives the parameters to a function of libpq.
    func withPointers<Result>(_ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result) -> Result {
        octets.withUnsafeBufferPointer { buffer in
            let pointers = starts.map { start in start.flatMap { start in buffer.baseAddress.map { $0 + start } } }
            return pointers.withUnsafeBufferPointer(body)
        }
    }
}
