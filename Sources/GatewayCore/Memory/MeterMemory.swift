// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import MeterSessions
import Synchronization
import Timekeeping

/// What is kept of one meter as long as its configuration does not change: object lists, scalers, values.
///
/// A lock and not an actor: a value that is kept is answered on the thread that took the request.
final class MeterMemory: Sendable {
    /// Names one attribute as seen in one association.
    struct ValueKey: Hashable {
        var association: String
        var classID: UInt16
        var logicalName: OBISCode
        var index: Int8
    }

    /// Names one object.
    struct ObjectKey: Hashable {
        var classID: UInt16
        var logicalName: OBISCode
    }

    private struct Contents {
        var values: [ValueKey: Reading] = [:]
        var objectLists: [String: ListedObjects] = [:]
        var scalerUnits: [ObjectKey: (scalerUnit: ScalerUnit?, readAt: Timestamp)] = [:]
        /// Grows with every change of the rest.
        var generation: UInt64 = 0
        /// Until when the configuration is taken for the present one; nil once it is known not to be.
        var trustedUntil: ContinuousClock.Instant?
    }

    /// More values than this of one meter are not kept.
    private static let mostValues = 4096
    /// Larger values than this are not kept, in octets as encoded.
    static let largestValue = 16_384

    /// The meter as it was read from the store.
    let record: MeterRecord
    /// The revision of the shared channel, nil without one.
    let channelRevision: Revision?
    /// The revision of the group of its channel, nil without one.
    let groupRevision: Revision?
    /// How the meter differs from the standard.
    let behaviour: EffectiveBehaviour
    /// The way to the meter.
    let route: MeterRoute
    /// The rules of the meter's time zone.
    let zone: any TimeZoneRules
    /// Which kinds of selective access the meter was found to refuse.
    let selections = SelectionMemory()
    /// What is kept of all meters of the model; nil if the model says nothing, or the meter changes its scalers.
    private let model: ModelMemory?
    /// What is kept of a meter that speaks IEC 62056-21; nil for one that speaks DLMS.
    let text: TextMemory?
    private let contents = Mutex(Contents())
    /// What was learned since the memory was made, by option.
    private let learned = Mutex<[String: QuirkValue]>([:])

    init(
        record: MeterRecord,
        channelRevision: Revision?,
        groupRevision: Revision? = nil,
        behaviour: EffectiveBehaviour,
        route: MeterRoute,
        model: ModelMemory? = nil,
        readouts: [StoredReadout] = []
    ) {
        self.record = record
        self.model = model
        let zone = ZoneInfo.named(record.configuration.timeZone) ?? .utc
        self.zone = zone
        self.behaviour = behaviour
        text =
            record.configuration.framing == .iec62056Part21
            ? TextMemory(
                rules: TextClockRules(zone: zone, behaviour: behaviour.behaviour.profiles.time),
                readouts: readouts
            ) : nil
        self.channelRevision = channelRevision
        self.groupRevision = groupRevision
        self.route = route
    }

    var id: MeterID { record.id }

    /// What of that is news: not known when the memory was made, and not told since.
    func news(in quirks: [LearnedQuirk]) -> [LearnedQuirk] {
        let news = behaviour.news(in: quirks)
        guard !news.isEmpty else { return [] }
        return learned.withLock { learned in
            news.filter { learned.updateValue($0.value, forKey: $0.name) != $0.value }
        }
    }

    /// What tells one state of the contents from another.
    var generation: UInt64 {
        contents.withLock { $0.generation }
    }

    /// Whether the contents are those of that generation and the configuration is taken for the present one.
    func isUnchanged(since generation: UInt64, now: ContinuousClock.Instant) -> Bool {
        contents.withLock { contents in
            guard contents.generation == generation, let trustedUntil = contents.trustedUntil else { return false }
            return now < trustedUntil
        }
    }

    /// Whether the directory has this memory of the meter, and no other one.
    var isPresent: Bool {
        contents.withLock { $0.trustedUntil != nil }
    }

    /// The configuration was found to be the present one.
    func trust(until instant: ContinuousClock.Instant) {
        contents.withLock { $0.trustedUntil = instant }
    }

    /// The configuration may not be the present one any more, or another memory takes the place of this one.
    func distrust() {
        contents.withLock { $0.trustedUntil = nil }
    }

    func value(_ key: ValueKey) -> Reading? {
        let kept = contents.withLock { $0.values[key] }
        guard let listed = text?.reading(key) else { return kept }
        guard let kept, kept.readAt >= listed.readAt else { return listed }
        return kept
    }

    /// Keeps a readout of a text meter, which has values of many objects.
    func keep(_ readout: MeterReadout) {
        text?.keep(readout)
        forgetObjectLists()
    }

    /// Forgets which objects there are, after others were found.
    func forgetObjectLists() {
        contents.withLock { contents in
            contents.objectLists.removeAll()
            contents.generation &+= 1
        }
    }

    func keep(_ reading: Reading, at key: ValueKey) {
        contents.withLock { contents in
            if contents.values.count >= Self.mostValues { contents.values.removeAll() }
            contents.values[key] = reading
            contents.generation &+= 1
        }
    }

    /// Forgets every value, after something was written: one attribute may change others.
    func forgetValues() {
        text?.forgetValues()
        contents.withLock { contents in
            contents.values.removeAll()
            // A register that was written may have another scaler than the others of its model.
            contents.scalerUnits.removeAll()
            contents.generation &+= 1
        }
    }

    func objectList(_ association: String) -> ListedObjects? {
        contents.withLock { $0.objectLists[association] }
    }

    /// The version of an object by any list that is known; lists of associations differ in what they show, not in what it is.
    func version(of logicalName: OBISCode, classID: UInt16) -> UInt8? {
        let lists = contents.withLock { $0.objectLists.values.map { $0 } }
        for list in lists {
            for entry in list.entries(logicalName) where entry.classID == classID { return entry.version }
        }
        return nil
    }

    func keep(_ list: ListedObjects, for association: String) {
        contents.withLock { contents in
            contents.objectLists[association] = list
            contents.generation &+= 1
        }
    }

    /// The scaler_unit of an object if it was asked for not longer ago than `maxAge`; the inner nil says that it has none.
    func scalerUnit(_ key: ObjectKey, now: Timestamp, maxAge: Duration) -> ScalerUnit?? {
        let own: ScalerUnit?? = contents.withLock { contents in
            guard let entry = contents.scalerUnits[key], now - entry.readAt < maxAge else { return nil }
            return .some(entry.scalerUnit)
        }
        if let own { return own }
        guard let shared = model?.scalerUnit(key, now: now, maxAge: maxAge) else { return nil }
        return .some(shared)
    }

    func keep(_ scalerUnit: ScalerUnit?, for key: ObjectKey, readAt: Timestamp) {
        contents.withLock { contents in
            contents.scalerUnits[key] = (scalerUnit, readAt)
            contents.generation &+= 1
        }
        if let scalerUnit { model?.keep(scalerUnit, for: key, readAt: readAt) }
    }
}
