// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore

/// Values as COPY and array literals write them.
struct BulkText {
    var octets: [UInt8] = []

    /// Appends a value and what separates it from the next one, in the text format of COPY.
    mutating func appendForCopy(_ value: SQLValue, isLast: Bool) {
        switch value {
        case .null:
            octets.append(UInt8(ascii: "\\"))
            octets.append(UInt8(ascii: "N"))
        case .integer(let number): append(number)
        case .real(let number): octets.append(contentsOf: String(number).utf8)
        case .text(let text):
            for octet in text.utf8 {
                switch octet {
                case UInt8(ascii: "\\"): append("\\", octet)
                case UInt8(ascii: "\t"): append("\\", UInt8(ascii: "t"))
                case UInt8(ascii: "\n"): append("\\", UInt8(ascii: "n"))
                case UInt8(ascii: "\r"): append("\\", UInt8(ascii: "r"))
                default: octets.append(octet)
                }
            }
        }
        octets.append(isLast ? UInt8(ascii: "\n") : UInt8(ascii: "\t"))
    }

    /// Appends an element and a comma.
    mutating func appendToArray(_ value: SQLValue) throws(ServerFailure) {
        switch value {
        case .null: octets.append(contentsOf: "NULL".utf8)
        case .integer(let number): append(number)
        case .real(let number): octets.append(contentsOf: String(number).utf8)
        case .text(let text):
            octets.append(UInt8(ascii: "\""))
            for octet in text.utf8 {
                switch octet {
                case 0: throw ServerFailure(state: "22021", message: "a text holds NUL", isConnectionLost: false)
                case UInt8(ascii: "\\"), UInt8(ascii: "\""): append("\\", octet)
                default: octets.append(octet)
                }
            }
            octets.append(UInt8(ascii: "\""))
        }
        octets.append(UInt8(ascii: ","))
    }

    /// The elements as an array literal.
    var array: [UInt8] { [UInt8(ascii: "{")] + octets.dropLast() + [UInt8(ascii: "}")] }

    private mutating func append(_ first: Unicode.Scalar, _ second: UInt8) {
        octets.append(UInt8(ascii: first))
        octets.append(second)
    }

    private mutating func append(_ number: Int64) {
        var rest = number.magnitude
        let start = octets.count
        repeat {
            octets.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        if number < 0 { octets.append(UInt8(ascii: "-")) }
        octets[start...].reverse()
    }
}
