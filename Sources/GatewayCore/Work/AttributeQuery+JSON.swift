// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import JSONText

extension AttributeQuery {
    /// Reads `{"object":"1.0.1.8.0.255","attribute":2,"class":3}`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, at pointer: JSONPointer) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let text = try members.requiredString("object")
        guard let object = OBISCode(text) else {
            throw JSONMemberError(
                .invalid(expected: "an OBIS code such as 1.0.1.8.0.255", suggestion: nil),
                at: pointer.appending("object")
            )
        }
        let place = pointer.appending("attribute")
        let attribute: MemberName?
        switch try members.requiredValue("attribute") {
        case .number(let number):
            attribute = number.exactInteger(as: Int8.self).map { .index($0) }
        case .string(let name): attribute = MemberName(name)
        default: attribute = nil
        }
        guard let attribute else {
            throw JSONMemberError(
                .invalid(expected: "the number or the name of an attribute", suggestion: nil),
                at: place
            )
        }
        let classID: UInt16? = try members.optionalInteger("class", in: 0...UInt16.max)
        try members.finish()
        self.init(object: object, classID: classID, attribute: attribute)
    }
}
