// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// A part of a meter's configuration as a document: which attributes of which class, under which names.
///
/// Values have the friendly form; only the names of members are other than in the class model.
struct ConfigurationSheet: Sendable {
    /// One attribute.
    struct Field: Sendable {
        /// The name of the member.
        let name: String
        /// The attribute.
        let index: Int8
        /// The names of members of the value, by their names in the class model.
        var names: [String: String] = [:]
    }

    /// Fields that stand together in an object, or at the top when it has no name.
    struct Group: Sendable {
        let name: String?
        let isWritable: Bool
        let fields: [Field]
    }

    let classID: UInt16
    /// The logical name that the object has as a rule.
    let usual: OBISCode
    let groups: [Group]

    /// Activity calendars (Blue Book, class 20).
    static let activityCalendar = ConfigurationSheet(
        classID: 20,
        usual: OBISCode(0, 0, 13, 0, 0, 255),
        groups: [
            Group(name: "active", isWritable: false, fields: calendar(from: 2)),
            Group(name: "passive", isWritable: true, fields: calendar(from: 6)),
            Group(name: nil, isWritable: true, fields: [Field(name: "activateAt", index: 10)]),
        ]
    )

    /// Special days tables (Blue Book, class 11).
    static let specialDays = ConfigurationSheet(
        classID: 11,
        usual: OBISCode(0, 0, 11, 0, 0, 255),
        groups: [
            Group(
                name: nil,
                isWritable: true,
                fields: [Field(name: "days", index: 2, names: ["specialday_date": "date", "day_id": "day"])]
            )
        ]
    )

    /// Push set-ups (Blue Book, class 40).
    static let pushSetup = ConfigurationSheet(
        classID: 40,
        usual: OBISCode(0, 0, 25, 9, 0, 255),
        groups: [
            Group(
                name: nil,
                isWritable: true,
                fields: [
                    Field(
                        name: "objects",
                        index: 2,
                        names: [
                            "class_id": "class", "logical_name": "object", "attribute_index": "attribute",
                            "data_index": "dataIndex",
                        ]
                    ),
                    Field(name: "destination", index: 3, names: ["transport_service": "transport"]),
                    Field(name: "windows", index: 4, names: ["start_time": "start", "end_time": "end"]),
                    Field(name: "randomisationSeconds", index: 5),
                    Field(name: "retries", index: 6),
                    Field(name: "repetitionDelay", index: 7),
                ]
            )
        ]
    )

    private static func calendar(from first: Int8) -> [Field] {
        [
            Field(name: "name", index: first),
            Field(
                name: "seasons",
                index: first + 1,
                names: ["season_profile_name": "name", "season_start": "start", "week_name": "week"]
            ),
            Field(name: "weekProfiles", index: first + 2, names: ["week_profile_name": "name"]),
            Field(
                name: "dayProfiles",
                index: first + 3,
                names: [
                    "day_id": "day", "day_schedule": "schedule", "start_time": "start",
                    "script_logical_name": "script", "script_selector": "selector",
                ]
            ),
        ]
    }
}

extension JSONValue {
    /// The value with members of objects renamed, at every depth; names that are not in the table stay.
    func renamed(_ names: [String: String]) -> JSONValue {
        switch self {
        case .array(let items): .array(items.map { $0.renamed(names) })
        case .object(let object):
            JSONObject(
                object.members.map { .init(name: names[$0.name] ?? $0.name, value: $0.value.renamed(names)) }
            ).map { .object($0) } ?? self
        case .null, .bool, .number, .string: self
        }
    }
}

extension ConfigurationSheet.Field {
    /// The names in the class model, by the names here.
    var modelNames: [String: String] {
        Dictionary(names.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
