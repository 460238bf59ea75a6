// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
import Fleet
public import JSONText
public import Jobs
import Timekeeping

/// What a job does with each of its meters.
public enum JobOrder: Hashable, Sendable {
    /// Reads attributes.
    case read([AttributeQuery], association: String?)
    /// Reads rows of a profile.
    case profileRead(OBISCode, RowsQuery, association: String?)
    /// Corrects the clock.
    case clockSync(ClockSyncWish, association: String?)
    /// Brings a firmware image to the meter.
    case firmware(FirmwareOrder)
    /// Replaces keys.
    case keyChange(KeyChangeOrder)
    /// Replaces a password or secret.
    case secretChange(SecretChangeOrder)

    /// The kind as the store and callers know it.
    public var kind: JobKind {
        switch self {
        case .read: .read
        case .profileRead: .profileRead
        case .clockSync: .clockSync
        case .firmware: .firmware
        case .keyChange: .keyChange
        case .secretChange: .secretChange
        }
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
            add("from", rows.from.map { .string($0.rfc3339) })
            add("to", rows.to.map { .string($0.rfc3339) })
            add("last", rows.last.map { .string($0.iso8601) })
            add("entries", rows.entries.map { .integer($0) })
            add("columns", rows.columns.map { .array($0.map { .string($0) }) })
            add("association", association.map { .string($0) })
        case .clockSync(let wish, let association):
            add("mode", .string(wish.mode.rawValue))
            add("maxAdjust", .string(wish.maxAdjust.iso8601))
            add("minAdjust", .string(wish.minAdjust.iso8601))
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
        }
        return .object(JSONObject(members) ?? JSONObject())
    }

    /// Reads the members that ``document`` has.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(kind: JobKind, members: inout JSONMembers) throws(JSONMemberError) {
        let place = members.pointer
        switch kind {
        case .profileRead:
            let text = try members.requiredString("profile")
            guard let profile = OBISCode(text) else {
                throw JSONMemberError(
                    .invalid(expected: "an OBIS code", suggestion: nil),
                    at: place.appending("profile")
                )
            }
            var rows = RowsQuery()
            rows.from = try Self.moment("from", &members)
            rows.to = try Self.moment("to", &members)
            if let text = try members.optionalString("last") {
                guard let length = Duration(iso8601: text) else {
                    throw JSONMemberError(
                        .invalid(expected: "a duration such as P1D", suggestion: nil),
                        at: place.appending("last")
                    )
                }
                rows.last = length
            }
            rows.entries = try members.optionalInteger("entries", in: 1...1_000_000)
            rows.columns = try members.optionalStrings("columns")
            self = .profileRead(profile, rows, association: try members.optionalString("association"))
        case .clockSync:
            self = .clockSync(
                try ClockSyncWish(&members),
                association: try members.optionalString("association")
            )
        case .firmware: self = .firmware(try FirmwareOrder(&members))
        case .keyChange:
            var order = try KeyChangeOrder(&members)
            order.hasKeptKeys = try members.optionalBool("kept") ?? false
            self = .keyChange(order)
        case .secretChange: self = .secretChange(try SecretChangeOrder(&members))
        default:
            let items = try members.requiredArray("items")
            guard (1...Self.mostItems).contains(items.count) else {
                throw JSONMemberError(
                    .invalid(expected: "a list of 1 to \(Self.mostItems) items", suggestion: nil),
                    at: place.appending("items")
                )
            }
            var queries: [AttributeQuery] = []
            for (index, item) in items.enumerated() {
                queries.append(try AttributeQuery(item, at: place.appending("items").appending(index)))
            }
            self = .read(queries, association: try members.optionalString("association"))
        }
    }

    /// How many attributes one order or batch may have.
    public static let mostItems = 500

    private static func moment(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> Timestamp? {
        guard let text = try members.optionalString(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw JSONMemberError(
                .invalid(expected: "a time with its offset, such as 2026-11-22T00:00:00+01:00", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return moment
    }

    private static func item(_ query: AttributeQuery) -> JSONValue {
        var members = [
            JSONObject.Member(name: "object", value: .string(query.object.description)),
            JSONObject.Member(
                name: "attribute",
                value: {
                    switch query.attribute {
                    case .index(let index): .integer(index)
                    case .name(let name): .string(name)
                    }
                }()
            ),
        ]
        if let classID = query.classID { members.append(JSONObject.Member(name: "class", value: .integer(classID))) }
        return .object(JSONObject(members) ?? JSONObject())
    }
}

extension JobKind {
    /// Reads attributes.
    public static let read = JobKind(rawValue: "read")
    /// Reads rows of a profile.
    public static let profileRead = JobKind(rawValue: "profile-read")
    /// Corrects clocks.
    public static let clockSync = JobKind(rawValue: "clock-sync")
    /// Brings firmware to meters.
    public static let firmware = JobKind(rawValue: "firmware")
    /// Replaces keys.
    public static let keyChange = JobKind(rawValue: "key-change")
    /// Replaces a password or secret; made only with the new one at hand.
    public static let secretChange = JobKind(rawValue: "secret-change")
    /// The kinds that callers may make.
    public static let offered = [read, profileRead, clockSync, firmware, keyChange]
    /// The kinds there are.
    public static let known = offered + [secretChange]
}
