// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// An attribute or method as a caller names it.
public enum MemberName: Hashable, Sendable {
    /// By its number.
    case index(Int8)
    /// By its name in the class model, such as `scaler_unit`.
    case name(String)

    /// Reads a number or a name; nil for any other text.
    ///
    /// Negative numbers are a manufacturer's own members; attribute 0 stands for all attributes of an object.
    public init?(_ text: some StringProtocol) {
        if let index = Int8(text), String(index) == text {
            self = .index(index)
            return
        }
        guard let first = text.utf8.first, first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z"),
            text.utf8.count <= 64,
            text.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F })
        else { return nil }
        self = .name(String(text))
    }
}

extension MemberName: CustomStringConvertible {
    /// The number or the name.
    public var description: String {
        switch self {
        case .index(let index): String(index)
        case .name(let name): name
        }
    }
}

/// One attribute to read, as a caller names it.
public struct AttributeQuery: Hashable, Sendable {
    /// The logical name of the object.
    public var object: OBISCode
    /// The class; needed only where several objects share the logical name.
    public var classID: UInt16?
    /// The attribute.
    public var attribute: MemberName
    /// Which part of the attribute, nil for all of it.
    public var selection: SelectiveAccess?

    /// Names an attribute.
    public init(
        object: OBISCode,
        classID: UInt16? = nil,
        attribute: MemberName,
        selection: SelectiveAccess? = nil
    ) {
        self.object = object
        self.classID = classID
        self.attribute = attribute
        self.selection = selection
    }
}
