// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
public import JSONText

extension AttributeQuery {
    /// Reads `{"object":"1.0.1.8.0.255","attribute":2,"class":3}`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, at pointer: JSONPointer) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        try self.init(&members)
        try members.finish()
    }

    /// Reads the members that name an attribute, beside which others may stand.
    init(_ members: inout JSONMembers) throws(JSONMemberError) {
        let (object, classID) = try Self.object(&members)
        let attribute = try Self.member("attribute", &members)
        self.init(object: object, classID: classID, attribute: attribute)
    }

    /// Reads the members `object` and `class`.
    static func object(_ members: inout JSONMembers) throws(JSONMemberError) -> (OBISCode, UInt16?) {
        let object = try members.requiredObjectName("object")
        return (object, try members.optionalInteger("class", in: 0...UInt16.max))
    }

    /// Reads the member `attribute` or `method`.
    static func member(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> MemberName {
        let member: MemberName? =
            switch try members.requiredValue(name) {
            case .number(let number): number.exactInteger(as: Int8.self).map { .index($0) }
            case .string(let text): MemberName(text)
            default: nil
            }
        guard let member else {
            throw JSONMemberError(
                .invalid(expected: "the number or the name of the \(name)", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return member
    }
}
