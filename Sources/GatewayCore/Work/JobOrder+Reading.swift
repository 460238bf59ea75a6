// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Fleet
public import JSONText
public import Jobs
import Timekeeping

extension JobOrder {
    /// Reads what ``operation`` gives: one member, named as a kind, with the members of that kind.
    ///
    /// - Parameter kinds: the kinds that may stand here.
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(
        operation value: JSONValue,
        at pointer: JSONPointer,
        among kinds: [JobKind] = JobKind.offered
    ) throws(JSONMemberError) {
        let words = kinds.map(\.memberName)
        guard case .object(let object) = value, object.members.count == 1, let member = object.members.first else {
            throw JSONMemberError(
                .invalid(
                    expected: "an object with one member, one of \(words.joined(separator: ", "))",
                    suggestion: nil
                ),
                at: pointer
            )
        }
        guard let kind = kinds.first(where: { $0.memberName == member.name }) else {
            throw JSONMemberError(
                .invalid(
                    expected: "one of \(words.joined(separator: ", "))",
                    suggestion: nearest(member.name, in: words)
                ),
                at: pointer.appending(member.name)
            )
        }
        var members = try JSONMembers(member.value, at: pointer.appending(member.name))
        try self.init(kind: kind, members: &members)
        try members.finish()
    }

    /// What a stored job does.
    ///
    /// - Throws: ``GatewayError/internal(reason:)`` when it does not read back.
    public init(_ specification: JobSpecification) throws(GatewayError) {
        do {
            var members = try JSONMembers(JSONReader.parse(specification.payload))
            try self.init(kind: specification.kind, members: &members)
        } catch {
            throw .internal(reason: "a stored order does not read back: \(error)")
        }
    }

    /// Reads the members that ``document`` has.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(kind: JobKind, members: inout JSONMembers) throws(JSONMemberError) {
        switch kind {
        case .profileRead:
            let profile = try members.requiredObjectName("profile")
            let rows = try RowsQuery(&members)
            self = .profileRead(profile, rows, association: try members.optionalString("association"))
        case .gapRecovery:
            let profile = try members.objectName("profile")
            self = .gapRecovery(profile: profile, association: try members.optionalString("association"))
        case .write:
            let items = try Self.items(&members)
            let isDryRun = try members.optionalBool("dryRun") ?? false
            var commands: [WriteCommand] = []
            for item in items { commands.append(try WriteCommand(item, isDryRun: isDryRun)) }
            self = .write(commands, association: try members.optionalString("association"))
        case .invoke:
            let items = try Self.items(&members)
            let isDryRun = try members.optionalBool("dryRun") ?? false
            var commands: [MethodCommand] = []
            for item in items { commands.append(try MethodCommand(item, isDryRun: isDryRun)) }
            self = .invoke(commands, association: try members.optionalString("association"))
        case .discover: self = .discover(association: try members.optionalString("association"))
        case .bundle: self = .bundle(try BundleOrder(&members))
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
        case .disconnect: self = .disconnector(try DisconnectorOrder(.disconnect, &members))
        case .reconnect: self = .disconnector(try DisconnectorOrder(.reconnect, &members))
        default:
            var queries: [AttributeQuery] = []
            for var item in try Self.items(&members) {
                queries.append(try AttributeQuery(&item))
                try item.finish()
            }
            self = .read(queries, association: try members.optionalString("association"))
        }
    }

    private static func items(_ members: inout JSONMembers) throws(JSONMemberError) -> [JSONMembers] {
        let place = members.pointer.appending("items")
        let items = try members.requiredArray("items")
        guard (1...mostItems).contains(items.count) else {
            throw JSONMemberError(
                .invalid(expected: "a list of 1 to \(mostItems) items", suggestion: nil),
                at: place
            )
        }
        var list: [JSONMembers] = []
        for (index, item) in items.enumerated() {
            list.append(try JSONMembers(item, at: place.appending(index)))
        }
        return list
    }
}

extension WriteCommand {
    /// Reads `object`, `attribute`, `class`, `value`, `expect` and `verify`, and nothing beside them.
    fileprivate init(_ members: JSONMembers, isDryRun: Bool) throws(JSONMemberError) {
        var members = members
        let query = try AttributeQuery(&members)
        try query.refuseSecret(at: members.pointer)
        self.init(
            query: query,
            value: try members.requiredValue("value"),
            expectation: members.optionalValue("expect"),
            verifies: try members.optionalBool("verify") ?? true,
            isDryRun: isDryRun
        )
        try members.finish()
    }
}

extension MethodCommand {
    /// Reads `object`, `method`, `class` and `parameter`, and nothing beside them.
    fileprivate init(_ members: JSONMembers, isDryRun: Bool) throws(JSONMemberError) {
        var members = members
        let (object, classID) = try AttributeQuery.object(&members)
        try object.refuseSecrets(classID, at: members.pointer)
        let method = try AttributeQuery.member("method", &members)
        guard method != .index(0) else {
            throw JSONMemberError(
                .invalid(expected: "the number or the name of the method", suggestion: nil),
                at: members.pointer.appending("method")
            )
        }
        self.init(
            object: object,
            classID: classID,
            method: method,
            parameter: members.optionalValue("parameter"),
            isDryRun: isDryRun
        )
        try members.finish()
    }
}

extension BundleOrder {
    /// Reads `steps`, `stopOnError` and `association`.
    fileprivate init(_ members: inout JSONMembers) throws(JSONMemberError) {
        let place = members.pointer.appending("steps")
        let values = try members.requiredArray("steps")
        guard (1...Self.mostSteps).contains(values.count) else {
            throw JSONMemberError(
                .invalid(expected: "a list of 1 to \(Self.mostSteps) steps", suggestion: nil),
                at: place
            )
        }
        var steps: [JobOrder] = []
        for (index, value) in values.enumerated() {
            let step = try JobOrder(operation: value, at: place.appending(index), among: Self.kinds)
            guard step.association == nil else {
                throw JSONMemberError(
                    .invalid(expected: "no association in a step: a bundle has one for all of them", suggestion: nil),
                    at: place.appending(index)
                )
            }
            steps.append(step)
        }
        self.init(
            steps: steps,
            stopsOnError: try members.optionalBool("stopOnError") ?? true,
            association: try members.optionalString("association")
        )
    }
}

extension AttributeQuery {
    /// Refuses to put a password into a job, whose order is kept in clear and shown (class 15, attribute secret).
    fileprivate func refuseSecret(at pointer: JSONPointer) throws(JSONMemberError) {
        let isSecret =
            switch attribute {
            case .index(let index): index == 7
            case .name(let name): name.contains("secret")
            }
        if isSecret { try object.refuseSecrets(classID, at: pointer) }
    }
}

extension OBISCode {
    /// Refuses objects that keep secrets: associations and security set-ups.
    fileprivate func refuseSecrets(_ classID: UInt16?, at pointer: JSONPointer) throws(JSONMemberError) {
        guard (a == 0 && (c == 40 || c == 43)) || classID == 15 || classID == 64 else { return }
        throw JSONMemberError(
            .invalid(
                expected: "no secret, which a job would keep in clear: "
                    + "POST /meters/{id}/keys/change and /meters/{id}/secret/change replace them",
                suggestion: nil
            ),
            at: pointer.appending("object")
        )
    }
}
