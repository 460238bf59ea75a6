// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import JSONText

/// What callers name an object by: an OBIS code in any of its spellings, or an alias such as `energy-import`.
public enum ObjectName {
    /// What may stand where an object is named, in words.
    public static let expected = "an OBIS code such as 1.0.1.8.0.255, or a name such as energy-import"

    /// The object that a name stands for; nil if it is neither a code nor an alias.
    public static func code(_ text: String) -> OBISCode? {
        OBISCode(text) ?? ReadingAliases.standard.code(of: text)
    }

    /// What a name that stands for nothing was most likely meant to be.
    public static func suggestion(for text: String) -> String? {
        if let alias = nearest(text, in: ReadingAliases.standard.names) { return alias }
        // A code with separators of its own, or without the groups that are nearly always the same.
        let numbers = text.split { !$0.isASCII || !$0.isNumber }.map { UInt8($0) }
        guard !text.isEmpty, text.utf8.allSatisfy(isOfCodes), !numbers.contains(nil) else {
            return nearest(text, in: ReadingAliases.standard.commonCodes)
        }
        let groups = numbers.compactMap(\.self)
        switch groups.count {
        case 3: return OBISCode(1, 0, groups[0], groups[1], groups[2], 255).description
        case 5: return OBISCode(groups[0], groups[1], groups[2], groups[3], groups[4], 255).description
        case 6: return OBISCode(groups[0], groups[1], groups[2], groups[3], groups[4], groups[5]).description
        default: return nil
        }
    }

    private static func isOfCodes(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || ".,-:;*& _/".utf8.contains(octet)
    }
}

extension GatewayError {
    /// The error for a text that names no object, with what was most likely meant.
    public static func badObjectName(_ text: String) -> GatewayError {
        .badOBIS(text: text, suggestion: ObjectName.suggestion(for: text))
    }
}

extension JSONMembers {
    /// The object that a member names; nil when absent.
    public mutating func objectName(_ name: String) throws(JSONMemberError) -> OBISCode? {
        guard let text = try optionalString(name) else { return nil }
        return try Self.objectName(text, at: pointer.appending(name))
    }

    /// The object that a member names.
    public mutating func requiredObjectName(_ name: String) throws(JSONMemberError) -> OBISCode {
        try Self.objectName(try requiredString(name), at: pointer.appending(name))
    }

    /// The object that a text names.
    ///
    /// - Throws: ``JSONText/JSONMemberError`` `.invalid` with what was most likely meant.
    public static func objectName(_ text: String, at pointer: JSONPointer) throws(JSONMemberError) -> OBISCode {
        guard let code = ObjectName.code(text) else {
            let meant = ObjectName.suggestion(for: text)
            throw JSONMemberError(.invalid(expected: ObjectName.expected, suggestion: meant), at: pointer)
        }
        return code
    }
}
