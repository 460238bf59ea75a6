// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
import Fleet
public import JSONText
public import Timekeeping

/// Who has to confirm an order before it is carried out, from the least strict.
public enum ConfirmationPolicy: String, CaseIterable, Hashable, Sendable, Comparable {
    /// Nobody.
    case none
    /// The one who made it, by a second request.
    case own = "self"
    /// Somebody else.
    case fourEyes = "four-eyes"

    /// Orders by strictness.
    public static func < (left: ConfirmationPolicy, right: ConfirmationPolicy) -> Bool {
        left.strictness < right.strictness
    }

    private var strictness: Int {
        switch self {
        case .none: 0
        case .own: 1
        case .fourEyes: 2
        }
    }
}

/// An order to cut supply or to give it back.
public struct DisconnectorOrder: Hashable, Sendable {
    /// How many registers may be read before switching.
    public static let mostRegisters = 20
    /// Texts are no longer than this.
    private static let longestText = 200

    /// What to do.
    public var action: DisconnectControl.Order
    /// Why, in the caller's words.
    public var reason: String?
    /// What the caller knows the order by.
    public var reference: String?
    /// The state the disconnector has to be in; nil takes any.
    public var expectedState: DisconnectControl.State?
    /// Who confirms it; the caller may ask for more than the gateway's settings, not for less.
    public var confirmation: ConfirmationPolicy
    /// Whether the state is read back, without which success only means that the meter said so.
    public var verifies: Bool
    /// What is read right before switching.
    public var registers: [AttributeQuery]
    /// The disconnector, where a meter has several.
    public var object: OBISCode?
    /// The association to use in place of the usual one.
    public var association: String?
    /// Whether everything but the sending is done.
    public var isDryRun: Bool

    /// Makes an order.
    public init(
        _ action: DisconnectControl.Order,
        reason: String? = nil,
        reference: String? = nil,
        expectedState: DisconnectControl.State? = nil,
        confirmation: ConfirmationPolicy = .none,
        verifies: Bool = true,
        registers: [AttributeQuery] = [],
        object: OBISCode? = nil,
        association: String? = nil,
        isDryRun: Bool = false
    ) {
        self.action = action
        self.reason = reason
        self.reference = reference
        self.expectedState = expectedState
        self.confirmation = confirmation
        self.verifies = verifies
        self.registers = registers
        self.object = object
        self.association = association
        self.isDryRun = isDryRun
    }

    /// Reads the members of an order; its action is told apart from them.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ action: DisconnectControl.Order, _ members: inout JSONMembers) throws(JSONMemberError) {
        let place = members.pointer
        self.init(action)
        reason = try Self.text("reason", &members)
        reference = try Self.text("reference", &members)
        expectedState = try members.optionalChoice("expectedState", of: StateWord.self)?.state
        confirmation = try members.optionalChoice("confirm") ?? .none
        verifies = try members.optionalBool("verify") ?? true
        isDryRun = try members.optionalBool("dryRun") ?? false
        association = try members.optionalString("association")
        object = try members.objectName("object")
        let names = try members.optionalStrings("readRegistersBefore") ?? []
        guard names.count <= Self.mostRegisters else {
            throw JSONMemberError(
                .outOfRange(allowed: "at most \(Self.mostRegisters) registers"),
                at: place.appending("readRegistersBefore")
            )
        }
        for (index, name) in names.enumerated() {
            let code = try JSONMembers.objectName(name, at: place.appending("readRegistersBefore").appending(index))
            registers.append(AttributeQuery(object: code, classID: nil, attribute: .index(2)))
        }
    }

    /// The order as JSON, in the form in which callers send it.
    var members: [JSONObject.Member] {
        var members: [JSONObject.Member] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONObject.Member(name: name, value: value)) }
        }
        add("reason", reason.map { .string($0) })
        add("reference", reference.map { .string($0) })
        add("expectedState", expectedState.map { .string($0.name) })
        add("confirm", .string(confirmation.rawValue))
        add("verify", verifies ? nil : .bool(false))
        add("dryRun", isDryRun ? .bool(true) : nil)
        add("association", association.map { .string($0) })
        add("object", object.map { .string($0.description) })
        if !registers.isEmpty {
            add("readRegistersBefore", .array(registers.map { .string($0.object.description) }))
        }
        return members
    }

    private static func text(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> String? {
        guard let text = try members.optionalString(name) else { return nil }
        guard (1...longestText).contains(text.unicodeScalars.count),
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else {
            throw JSONMemberError(
                .invalid(expected: "1 to \(longestText) characters without control characters", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return text
    }

    private enum StateWord: String, CaseIterable {
        case disconnected
        case connected
        case readyForReconnection = "ready-for-reconnection"

        var state: DisconnectControl.State {
            switch self {
            case .disconnected: .disconnected
            case .connected: .connected
            case .readyForReconnection: .readyForReconnection
            }
        }
    }
}

extension DisconnectControl.Order {
    /// The word for it: `disconnect` or `reconnect`.
    public var word: String {
        switch self {
        case .disconnect: "disconnect"
        case .reconnect: "reconnect"
        }
    }

    /// The order with this word.
    public init?(word: String) {
        guard let order = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = order
    }

    /// Whether a state is what the order is for; a disconnector that waits for the customer's hand was reconnected.
    func isFulfilled(by state: DisconnectControl.State) -> Bool {
        switch self {
        case .disconnect: state == .disconnected
        case .reconnect: state != .disconnected
        }
    }
}

/// When an order may be carried out.
public struct OrderTerms: Hashable, Sendable {
    /// Not before; nil at once.
    public var notBefore: Timestamp?
    /// Not sent after; nil = the usual time after ``notBefore``.
    public var expiresAt: Timestamp?

    /// Makes terms.
    public init(notBefore: Timestamp? = nil, expiresAt: Timestamp? = nil) {
        self.notBefore = notBefore
        self.expiresAt = expiresAt
    }

    /// Reads `notBefore` and `expiresAt`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ members: inout JSONMembers) throws(JSONMemberError) {
        notBefore = try Self.moment("notBefore", &members)
        expiresAt = try Self.moment("expiresAt", &members)
    }

    private static func moment(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> Timestamp? {
        guard let text = try members.optionalString(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw JSONMemberError(
                .invalid(expected: "a time with its offset, such as 2026-11-22T09:00:00+01:00", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return moment
    }
}
