// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What an attribute or a parameter is expected to look like: types, member names and meanings.
///
/// A shape only helps to read and write values in words. A value that does not fit its shape is still shown, by its own types.
public indirect enum Shape: Hashable, Sendable {
    /// Any value; nothing is known.
    case any
    /// A simple type and what it stands for.
    case simple(DataTag, Meaning)
    /// An array of equal elements; `any` if unknown.
    case array(Shape)
    /// A structure with its members in order; no members if unknown.
    case structure([Member])
    /// One of several.
    case choice([Shape])

    /// One member of a structure.
    public struct Member: Hashable, Sendable {
        /// The name in the class model.
        public let name: String
        /// What the member looks like.
        public let shape: Shape

        /// Makes a member.
        public init(name: String, shape: Shape) {
            self.name = name
            self.shape = shape
        }
    }

    /// What a simple value stands for beyond its type.
    public enum Meaning: Hashable, Sendable {
        /// Nothing more than its type.
        case plain
        /// Six octets of an OBIS code.
        case logicalName
        /// Twelve octets of a date-time.
        case dateTime
        /// Five octets of a date.
        case date
        /// Four octets of a time.
        case time
        /// Printable text in an octet-string.
        case text
        /// The eight octets of a system title.
        case systemTitle
        /// The status octet of a clock (Blue Book, class 8).
        case clockStatus
        /// A unit code (Blue Book, table of units).
        case unit
        /// Codes of an enumeration, or bit numbers of a bit-string, with their names.
        case codes([NamedCode])
    }

    /// A code and its name.
    public struct NamedCode: Hashable, Sendable {
        /// The code, or the number of the bit counted from the first one.
        public let code: UInt8
        /// The name, kebab-case.
        public let name: String

        /// Makes a pair.
        public init(code: UInt8, name: String) {
            self.code = code
            self.name = name
        }
    }

    /// The data types a value of this shape may have; empty if any.
    public var types: [DataTag] {
        switch self {
        case .any: []
        case .simple(let type, _): [type]
        case .array: [.array]
        case .structure: [.structure]
        case .choice(let shapes): shapes.flatMap(\.types)
        }
    }

    /// The alternative of that type, or the shape itself if it is no choice.
    func alternative(for type: DataTag) -> Shape {
        guard case .choice(let shapes) = self else { return self }
        return shapes.first { $0.types.contains(type) } ?? .any
    }

    /// What a simple value of that type stands for; `plain` if the model does not say.
    func meaning(for type: DataTag) -> Meaning {
        guard case .simple(_, let meaning) = alternative(for: type) else { return .plain }
        return meaning
    }
}
