// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText

extension PushConfiguration {
    /// Reads the JSON form.
    init(_ members: JSONMembers) throws(JSONMemberError) {
        var members = members
        self.init()
        if let values = try members.optionalArray("identities") {
            identities = try Self.items(values, at: members.pointer.appending("identities")) {
                value,
                place throws(JSONMemberError) in
                guard let text = value.string, !text.isEmpty, TextCheck.isPlain(text, upTo: 64) else {
                    throw JSONMemberError(
                        .invalid(expected: "a text of 1 to 64 characters", suggestion: nil),
                        at: place
                    )
                }
                return text
            }
        }
        acceptsUnprotected = try members.optionalBool("acceptUnprotected")
        if let values = try members.optionalArray("objects") {
            objects = try Self.items(values, at: members.pointer.appending("objects"), Self.object)
        }
        try members.finish()
    }

    private static func items<Item>(
        _ values: [JSONValue],
        at place: JSONPointer,
        _ item: (JSONValue, JSONPointer) throws(JSONMemberError) -> Item
    ) throws(JSONMemberError) -> [Item] {
        guard values.count <= most else {
            throw JSONMemberError(.invalid(expected: "at most \(most) items", suggestion: nil), at: place)
        }
        var items: [Item] = []
        for (index, value) in values.enumerated() {
            items.append(try item(value, place.appending("\(index)")))
        }
        return items
    }

    private static func object(_ value: JSONValue, _ place: JSONPointer) throws(JSONMemberError) -> CaptureObject {
        var members = try JSONMembers(value, at: place)
        let text = try members.requiredString("object")
        guard let name = OBISCode(text) else {
            throw members.fault("object", "a logical name such as 1.0.1.8.0.255")
        }
        let object = CaptureObject(
            classID: try members.optionalInteger("class", in: 0...UInt16.max) ?? 3,
            logicalName: name,
            attributeIndex: try members.optionalInteger("attribute", in: -128...127) ?? 2,
            dataIndex: try members.optionalInteger("element", in: 0...UInt16.max) ?? 0
        )
        try members.finish()
        return object
    }

    /// Writes the JSON form.
    func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("identities", identities)
        writer.member("acceptUnprotected", acceptsUnprotected)
        writer.member("objects", objects) { object, writer in
            writer.member("object", object.logicalName.description)
            writer.member("class", object.classID)
            writer.member("attribute", object.attributeIndex)
            if object.dataIndex > 0 { writer.member("element", object.dataIndex) }
        }
        writer.endObject()
    }
}
