// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs

/// What a schedule does, as its document has it: one member named after a kind of job, or a set of readings.
enum ScheduledOperation {
    /// An order for each meter.
    case order(JobOrder)
    /// What a set of readings says at the time.
    case readingSet(ReadingSetID)

    /// Kinds that are done once and not again and again.
    private static let single: Set<JobKind> = [.firmware, .keyChange, .secretChange]
    /// Kinds that switch supply.
    private static let switching = ["disconnect", "reconnect"]
    private static let setWord = "readingSet"

    /// Reads the document.
    ///
    /// - Parameter allowsSwitching: whether the operator lets schedules switch supply.
    /// - Throws: `JSONMemberError` with the place of the fault.
    init(_ value: JSONValue, at pointer: JSONPointer, allowsSwitching: Bool) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        if members.names == [Self.setWord] {
            guard let id = ReadingSetID(try members.requiredString(Self.setWord)) else {
                throw JSONMemberError(
                    .invalid(expected: "the id of a reading set", suggestion: nil),
                    at: pointer.appending(Self.setWord)
                )
            }
            self = .readingSet(id)
            return
        }
        if let word = members.names.first(where: Self.switching.contains), !allowsSwitching {
            throw JSONMemberError(
                .invalid(expected: "no order that switches supply, unless orders.allowRecurring is set"),
                at: pointer.appending(word)
            )
        }
        self = .order(
            try JobOrder(operation: value, at: pointer, among: JobKind.offered.filter { !Self.single.contains($0) })
        )
    }
}

extension ReadingSetConfiguration {
    /// The order that reads the set: a single reading, or several in one association.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    func order(at pointer: JSONPointer = .root) throws(JSONMemberError) -> JobOrder {
        var steps: [JobOrder] = []
        if !items.isEmpty {
            let document = JSONObject([.init(name: "items", value: .array(items))]) ?? JSONObject()
            var members = try JSONMembers(.object(document), at: pointer)
            steps.append(try JobOrder(kind: .read, members: &members))
            try members.finish()
        }
        for (index, profile) in profiles.enumerated() {
            let place = pointer.appending("profiles").appending(index)
            if profile["association"] != nil {
                throw JSONMemberError(
                    .invalid(expected: "left out: a set has one association for all it reads", suggestion: nil),
                    at: place.appending("association")
                )
            }
            var members = try JSONMembers(profile, at: place)
            steps.append(try JobOrder(kind: .profileRead, members: &members))
            try members.finish()
        }
        guard steps.count <= BundleOrder.mostSteps else {
            throw JSONMemberError(
                .invalid(expected: "a list of less than \(BundleOrder.mostSteps) profiles", suggestion: nil),
                at: pointer.appending("profiles")
            )
        }
        switch steps.first {
        case .read(let queries, _)? where steps.count == 1: return .read(queries, association: association)
        case .profileRead(let profile, let rows, _)? where steps.count == 1:
            return .profileRead(profile, rows, association: association)
        default: return .bundle(BundleOrder(steps: steps, stopsOnError: false, association: association))
        }
    }
}
