// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Synchronization
import Timekeeping

/// What is kept of a text meter: its last readouts, what it was found to have beside them, and how it wants to be asked.
final class TextMemory: Sendable {
    /// What a profile records.
    struct Profile: Sendable {
        let columns: [Column]
        /// Minutes between rows; 0 in a log book.
        let period: Int
        let readAt: Timestamp

        /// A column with the most digits behind the point that were seen so far.
        struct Column: Hashable, Sendable {
            let logicalName: OBISCode
            let scalerUnit: ScalerUnit?
            /// Digits behind the point; nil for a column that is no number.
            let decimals: Int?
        }
    }

    /// How the meter was found to want to be asked.
    struct Manners: Hashable, Sendable {
        /// The command that reads a data set.
        var read: TextRead.Command?
        /// The command that writes a data set.
        var write: TextWrite.Command?
        /// The command that sets the clock.
        var clockWrite: TextWrite.Command?
        /// The command that reads a profile.
        var profile: TextRead.Command?
        /// Whether the times of a range have a season digit.
        var rangeHasSeason: Bool?
    }

    private struct Contents {
        var readouts: [StoredReadout.Origin: MeterReadout] = [:]
        /// Something was written since the meter was read.
        var isOutdated = false
        /// Objects that no readout lists but the meter gives.
        var others: [OBISCode: TextObject] = [:]
        var profiles: [OBISCode: Profile] = [:]
        /// Profiles that the meter was found not to have.
        var absent: Set<OBISCode> = []
        var clockTexts: [String] = []
        var manners = Manners()
    }

    /// More objects outside of readouts are not kept.
    private static let mostOthers = 1000

    /// What the meter's times mean.
    let rules: TextClockRules
    private let contents: Mutex<Contents>

    init(rules: TextClockRules, readouts: [StoredReadout]) {
        self.rules = rules
        var contents = Contents()
        for stored in readouts {
            if let readout = MeterReadout(stored, rules: rules) { contents.readouts[readout.origin] = readout }
        }
        self.contents = Mutex(contents)
    }

    /// The readout whose values are of the latest moment.
    var latest: MeterReadout? {
        contents.withLock { $0.readouts.values.max { $0.takenAt < $1.takenAt } }
    }

    /// Keeps a readout unless a later one of the same origin is kept.
    func keep(_ readout: MeterReadout) {
        contents.withLock { contents in
            if let known = contents.readouts[readout.origin], known.takenAt > readout.takenAt { return }
            contents.readouts[readout.origin] = readout
            if readout.origin == .meter { contents.isOutdated = false }
        }
    }

    /// What was read from the meter may not be so any more.
    func forgetValues() {
        contents.withLock { $0.isOutdated = true }
    }

    /// The objects of all readouts, the latest first, and those found beside them.
    var objects: [TextObject] {
        contents.withLock { contents in
            var seen: Set<OBISCode> = []
            var objects: [TextObject] = []
            for readout in contents.readouts.values.sorted(by: { $0.takenAt > $1.takenAt }) {
                for name in readout.names where seen.insert(name).inserted {
                    if let object = readout.objects[name] { objects.append(object) }
                }
            }
            for (name, object) in contents.others.sorted(by: { $0.key < $1.key }) where seen.insert(name).inserted {
                objects.append(object)
            }
            return objects
        }
    }

    /// Whether the meter tells the time, as far as readouts say; nil without one.
    var clock: TextClock? {
        contents.withLock { contents in
            contents.readouts.values.sorted { $0.takenAt > $1.takenAt }.lazy.compactMap(\.clock).first
        }
    }

    /// The latest value of an attribute in a readout.
    func reading(_ key: MeterMemory.ValueKey) -> Reading? {
        let found = contents.withLock { contents -> (MeterReadout, TextObject)? in
            contents.readouts.values
                .filter { $0.origin != .meter || !contents.isOutdated }
                .compactMap { readout in readout.objects[key.logicalName].map { (readout, $0) } }
                .filter { $0.1.classID == key.classID }
                .max { $0.0.takenAt < $1.0.takenAt }
        }
        guard let (readout, object) = found else { return nil }
        return Reading(
            object,
            key.index,
            rules,
            readAt: readout.takenAt,
            source: readout.origin.source,
            association: key.association
        )
    }

    /// Whether the gateway has read the meter out itself.
    var isReadOut: Bool { contents.withLock { $0.readouts[.meter] != nil } }

    /// The object of that name in the meter's own readout.
    func listed(_ logicalName: OBISCode) -> TextObject? {
        contents.withLock { $0.readouts[.meter]?.objects[logicalName] }
    }

    /// The object of that name, wherever it was found.
    func object(_ logicalName: OBISCode) -> TextObject? {
        contents.withLock { contents in
            contents.readouts[.meter]?.objects[logicalName] ?? contents.others[logicalName]
                ?? contents.readouts[.file]?.objects[logicalName]
        }
    }

    /// Notes an object that no readout lists.
    func note(_ object: TextObject) {
        contents.withLock { contents in
            guard contents.others.count < Self.mostOthers || contents.others[object.logicalName] != nil else { return }
            contents.others[object.logicalName] = object
        }
    }

    /// What a profile records, if it was found out.
    func profile(_ logicalName: OBISCode) -> Profile? {
        contents.withLock { $0.profiles[logicalName] }
    }

    /// The profiles that are known.
    var profiles: [OBISCode: Profile] { contents.withLock { $0.profiles } }

    func keep(_ profile: Profile, of logicalName: OBISCode) {
        contents.withLock { contents in
            contents.profiles[logicalName] = profile
            contents.absent.remove(logicalName)
        }
    }

    /// Whether the meter is known not to have a profile.
    func isAbsent(_ logicalName: OBISCode) -> Bool {
        contents.withLock { $0.absent.contains(logicalName) }
    }

    func noteAbsent(_ logicalName: OBISCode) {
        contents.withLock { _ = $0.absent.insert(logicalName) }
    }

    /// How the clock's data sets looked when they were read last.
    var clockTexts: [String] {
        get { contents.withLock { $0.clockTexts } }
        set { contents.withLock { $0.clockTexts = newValue } }
    }

    /// How the meter was found to want to be asked.
    var manners: Manners {
        get { contents.withLock { $0.manners } }
        set { contents.withLock { $0.manners = newValue } }
    }
}
