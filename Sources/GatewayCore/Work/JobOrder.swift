// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
public import DLMSCodec
import Fleet
public import Jobs

/// What a job does with each of its meters.
public indirect enum JobOrder: Hashable, Sendable {
    /// Reads attributes.
    case read([AttributeQuery], association: String?)
    /// Reads rows of a profile.
    case profileRead(OBISCode, RowsQuery, association: String?)
    /// Fills gaps of one profile, or of all.
    case gapRecovery(profile: OBISCode?, association: String?)
    /// Writes attributes, one after the other.
    case write([WriteCommand], association: String?)
    /// Invokes methods, one after the other, each at most once.
    case invoke([MethodCommand], association: String?)
    /// Corrects the clock.
    case clockSync(ClockSyncWish, association: String?)
    /// Looks what the meter is and has.
    case discover(association: String?)
    /// Does several things in one association.
    case bundle(BundleOrder)
    /// Brings a firmware image to the meter.
    case firmware(FirmwareOrder)
    /// Replaces keys.
    case keyChange(KeyChangeOrder)
    /// Replaces a password or secret.
    case secretChange(SecretChangeOrder)
    /// Cuts supply or gives it back.
    case disconnector(DisconnectorOrder)

    /// The kind as the store and callers know it.
    public var kind: JobKind {
        switch self {
        case .read: .read
        case .profileRead: .profileRead
        case .gapRecovery: .gapRecovery
        case .write: .write
        case .invoke: .invoke
        case .clockSync: .clockSync
        case .discover: .discover
        case .bundle: .bundle
        case .firmware: .firmware
        case .keyChange: .keyChange
        case .secretChange: .secretChange
        case .disconnector(let order): order.action == .disconnect ? .disconnect : .reconnect
        }
    }

    /// Whether it sends anything that changes the meter.
    public var changesMeter: Bool {
        switch self {
        case .read, .profileRead, .gapRecovery, .discover: false
        case .write(let commands, _): commands.contains { !$0.isDryRun }
        case .invoke(let commands, _): commands.contains { !$0.isDryRun }
        case .clockSync(let wish, _): !wish.isDryRun
        case .bundle(let bundle): bundle.steps.contains(where: \.changesMeter)
        case .disconnector(let order): !order.isDryRun
        case .firmware, .keyChange, .secretChange: true
        }
    }

    /// Whether doing it twice is not the same as doing it once, so that a request for it needs an idempotency key.
    ///
    /// A value written twice, or a clock set twice, is as after once.
    public var isHarmfulTwice: Bool {
        switch self {
        case .read, .profileRead, .gapRecovery, .discover, .write, .clockSync, .firmware: false
        case .invoke: changesMeter
        case .bundle(let bundle): bundle.steps.contains(where: \.isHarmfulTwice)
        case .keyChange, .secretChange, .disconnector: true
        }
    }

    /// The association to use in place of the usual one, of orders that have just one.
    var association: String? {
        switch self {
        case .read(_, let association), .profileRead(_, _, let association), .write(_, let association),
            .gapRecovery(_, let association), .invoke(_, let association), .clockSync(_, let association),
            .discover(let association):
            association
        case .bundle(let bundle): bundle.association
        case .firmware(let order): order.association
        case .disconnector(let order): order.association
        case .keyChange, .secretChange: nil
        }
    }

    /// How many attributes one order or batch may have.
    public static let mostItems = 500
}

/// Several orders that are carried out one after the other in one association.
public struct BundleOrder: Hashable, Sendable {
    /// The orders: those of ``kinds``.
    public var steps: [JobOrder]
    /// Whether the first failure ends it.
    public var stopsOnError: Bool
    /// The association; nil for the one for writing if a step writes, else the one for reading.
    public var association: String?

    /// The kinds that may be steps.
    public static let kinds: [JobKind] = [.read, .profileRead, .write, .invoke, .clockSync]
    /// How many steps there may be.
    public static let mostSteps = 100

    /// Makes a bundle.
    public init(steps: [JobOrder], stopsOnError: Bool = true, association: String? = nil) {
        self.steps = steps
        self.stopsOnError = stopsOnError
        self.association = association
    }
}

extension JobKind {
    /// Reads attributes.
    public static let read = JobKind(rawValue: "read")
    /// Reads rows of a profile.
    public static let profileRead = JobKind(rawValue: "profile-read")
    /// Fills gaps of profiles.
    public static let gapRecovery = JobKind(rawValue: "gap-recovery")
    /// Writes attributes.
    public static let write = JobKind(rawValue: "write")
    /// Invokes methods.
    public static let invoke = JobKind(rawValue: "invoke")
    /// Looks what meters are and have.
    public static let discover = JobKind(rawValue: "discover")
    /// Several steps in one association.
    public static let bundle = JobKind(rawValue: "bundle")
    /// Corrects clocks.
    public static let clockSync = JobKind(rawValue: "clock-sync")
    /// Brings firmware to meters.
    public static let firmware = JobKind(rawValue: "firmware")
    /// Replaces keys.
    public static let keyChange = JobKind(rawValue: "key-change")
    /// Replaces a password or secret; made only with the new one at hand.
    public static let secretChange = JobKind(rawValue: "secret-change")
    /// Cuts supply.
    public static let disconnect = JobKind(rawValue: "disconnect")
    /// Gives supply back.
    public static let reconnect = JobKind(rawValue: "reconnect")
    /// The kinds that callers may make.
    public static let offered = [
        read, profileRead, gapRecovery, write, invoke, disconnect, reconnect, clockSync, discover, bundle, firmware,
        keyChange,
    ]
    /// The kinds there are.
    public static let known = offered + [secretChange]

    /// The kind of that word; `image` is another word for `firmware`.
    public static func named(_ word: String) -> JobKind? {
        word == "image" ? firmware : known.first { $0.rawValue == word }
    }

    /// The kind as the name of a member, such as `profileRead`.
    public var memberName: String {
        let words = rawValue.split(separator: "-")
        return words.dropFirst().reduce(String(words.first ?? "")) { text, word in
            text + word.prefix(1).uppercased() + word.dropFirst()
        }
    }
}
