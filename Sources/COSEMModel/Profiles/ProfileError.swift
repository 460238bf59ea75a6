// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Why a profile's buffer could not be read; the meter is at fault.
public enum ProfileError: Error, Hashable, Sendable {
    /// The buffer is no array of rows.
    case notABuffer(tag: UInt8)
    /// A row is no structure.
    case notARow(index: Int, tag: UInt8)
    /// A row has another number of members than the profile has columns.
    case otherWidth(index: Int, expected: Int, found: Int)
    /// A cell has a type that its column cannot have.
    case otherType(index: Int, column: String, typeName: String)
    /// A row or a compact array is longer than is accepted.
    case tooLong(limitInOctets: Int)
    /// A value is not well-formed.
    case malformed(DecodeError)
    /// The buffer ended before its last row did.
    case truncated(missingRows: Int)
    /// Octets follow the last row.
    case trailingOctets(Int)
}

extension ProfileError {
    /// Whether rows do not fit the columns, as after a change of the capture objects.
    public var isLayoutMismatch: Bool {
        switch self {
        case .otherWidth, .otherType: true
        case .notABuffer, .notARow, .tooLong, .malformed, .truncated, .trailingOctets: false
        }
    }
}

extension ProfileError: CustomStringConvertible {
    /// The error in words.
    public var description: String {
        switch self {
        case .notABuffer(let tag): "an array of rows was expected, tag \(tag) found"
        case .notARow(let index, let tag): "row \(index) is no structure but has tag \(tag)"
        case .otherWidth(let index, let expected, let found):
            "row \(index) has \(found) members, but the profile has \(expected) columns"
        case .otherType(let index, let column, let typeName): "row \(index) has a \(typeName) in column \(column)"
        case .tooLong(let limit): "a row or a compact array is longer than \(limit) octets"
        case .malformed(let error): "\(error)"
        case .truncated(let missing): "it ended \(missing) rows before its end"
        case .trailingOctets(let count): "\(count) octets follow the last row"
        }
    }
}
