// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
public import JSONText
import Timekeeping

extension JobOrder {
    /// The order as one member, its kind, such as `{"profileRead":{..}}`; the form in schedules and bundles.
    public var operation: JSONValue {
        .object(JSONObject([JSONObject.Member(name: kind.memberName, value: document)]) ?? JSONObject())
    }

    /// The order as JSON, without its meters; the same form as callers send.
    public var document: JSONValue {
        var members: [JSONObject.Member] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONObject.Member(name: name, value: value)) }
        }
        switch self {
        case .read(let queries, let association):
            add("items", .array(queries.map(Self.item)))
            add("association", association.map { .string($0) })
        case .profileRead(let profile, let rows, let association):
            add("profile", .string(profile.description))
            members += rows.members
            add("association", association.map { .string($0) })
        case .gapRecovery(let profile, let association):
            add("profile", profile.map { .string($0.description) })
            add("association", association.map { .string($0) })
        case .write(let commands, let association):
            add("items", .array(commands.map(Self.item)))
            add("dryRun", commands.contains(where: \.isDryRun) ? .bool(true) : nil)
            add("association", association.map { .string($0) })
        case .invoke(let commands, let association):
            add("items", .array(commands.map(Self.item)))
            add("dryRun", commands.contains(where: \.isDryRun) ? .bool(true) : nil)
            add("association", association.map { .string($0) })
        case .discover(let association):
            add("association", association.map { .string($0) })
        case .bundle(let bundle):
            add("steps", .array(bundle.steps.map(\.operation)))
            add("stopOnError", .bool(bundle.stopsOnError))
            add("association", bundle.association.map { .string($0) })
        case .clockSync(let wish, let association):
            add("mode", .string(wish.mode.rawValue))
            add("maxAdjust", .string(wish.maxAdjust.iso8601))
            add("minAdjust", .string(wish.minAdjust.iso8601))
            add("acrossBoundary", wish.crossesBoundaries ? .bool(true) : nil)
            add("dryRun", wish.isDryRun ? .bool(true) : nil)
            add("association", association.map { .string($0) })
        case .firmware(let order):
            add("image", .string(order.image))
            add(
                "identifier",
                .object(
                    JSONObject([.init(name: "hex", value: .string(Hexadecimal.text(of: order.identifier)))])
                        ?? JSONObject()
                )
            )
            add("activate", .bool(order.activates))
            add("association", order.association.map { .string($0) })
        case .keyChange(let order):
            add("keys", .array(order.keys.map { .string($0.word) }))
            add("association", order.association.map { .string($0) })
            add("securitySetup", order.securitySetup.map { .string($0.description) })
            add("method", order.method == .transfer ? nil : .string(order.method.rawValue))
            add("through", order.through.map { .string($0) })
            add("acceptLoss", order.acceptsLoss ? .bool(true) : nil)
            add("kept", order.hasKeptKeys ? .bool(true) : nil)
        case .secretChange(let order):
            add("association", .string(order.association))
            add("through", order.through.map { .string($0) })
            add("object", order.object.map { .string($0.description) })
        case .disconnector(let order): members += order.members
        }
        return .object(JSONObject(members) ?? JSONObject())
    }

    private static func item(_ query: AttributeQuery) -> JSONValue {
        item(query.object, query.classID, ("attribute", query.attribute), [])
    }

    private static func item(_ command: WriteCommand) -> JSONValue {
        item(
            command.query.object,
            command.query.classID,
            ("attribute", command.query.attribute),
            [
                ("value", command.value), ("expect", command.expectation),
                ("verify", command.verifies ? nil : .bool(false)),
            ]
        )
    }

    private static func item(_ command: MethodCommand) -> JSONValue {
        item(command.object, command.classID, ("method", command.method), [("parameter", command.parameter)])
    }

    private static func item(
        _ object: OBISCode,
        _ classID: UInt16?,
        _ member: (name: String, value: MemberName),
        _ others: [(name: String, value: JSONValue?)]
    ) -> JSONValue {
        let name: JSONValue =
            switch member.value {
            case .index(let index): .integer(index)
            case .name(let name): .string(name)
            }
        let all: [(name: String, value: JSONValue?)] =
            [("object", .string(object.description)), (member.name, name), ("class", classID.map { .integer($0) })]
            + others
        return .object(
            JSONObject(
                all.compactMap { name, value in value.map { JSONObject.Member(name: name, value: $0) } }
            ) ?? JSONObject()
        )
    }
}
