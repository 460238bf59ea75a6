// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Fleet
public import Timekeeping

/// A whole readout of a text meter (IEC 62056-21), with the objects that its data sets stand for.
public struct MeterReadout: Sendable {
    /// One data set.
    public struct Item: Sendable {
        /// The data set as it came, with the address of the one before where it has none.
        public let set: TextDataSet
        /// The object that it stands for; nil for an address that is no OBIS code, or that came before.
        public let reading: Reading?
    }

    /// Who was read; nil for a file that does not say.
    public let identification: IdentificationMessage?
    /// The data sets in order.
    public let items: [Item]
    /// Identification line, lines of data and `!`, without control characters.
    public let text: [UInt8]
    /// How it came here.
    public let origin: StoredReadout.Origin
    /// The moment that the values are of.
    public let takenAt: Timestamp
    /// When it came here.
    public let receivedAt: Timestamp

    /// The objects by logical name, the clock left out.
    let objects: [OBISCode: TextObject]
    /// The logical names in the order of the meter.
    let names: [OBISCode]
    /// Where the meter tells the time.
    let clock: TextClock?
    let rules: TextClockRules

    /// Makes a readout of what a file or a meter said.
    ///
    /// - Parameters:
    ///   - readout: what was said.
    ///   - origin: how it came here.
    ///   - receivedAt: when it came here.
    ///   - takenAt: the moment that the values are of; nil takes the meter's own clock if it tells it, but nothing later
    ///     than `receivedAt`.
    ///   - rules: what the meter's times mean.
    init(
        _ readout: ReadoutFile.Readout,
        origin: StoredReadout.Origin,
        receivedAt: Timestamp,
        takenAt: Timestamp?,
        rules: TextClockRules
    ) {
        identification = readout.identification
        text = readout.text
        self.origin = origin
        self.receivedAt = receivedAt
        self.rules = rules
        let sets = readout.sets
        let clock = TextClock(sets)
        self.clock = clock
        let told = clock.flatMap { clock in clock.moment(in: sets) }.flatMap { rules.instant($0) }
        let moment = takenAt ?? min(told ?? receivedAt, receivedAt)
        self.takenAt = moment
        var units: [OBISCode: String] = [:]
        for set in sets {
            if let unit = set.values.first?.unit, let name = ReducedOBISCode.logicalName(of: set.address), name.f == 255
            {
                units[name] = unit
            }
        }
        var objects: [OBISCode: TextObject] = [:]
        var names: [OBISCode] = []
        items = sets.map { set in
            guard let name = ReducedOBISCode.logicalName(of: set.address) else { return Item(set: set, reading: nil) }
            var present = name
            present.f = 255
            guard objects[name] == nil, name != TextClock.logicalName,
                let object = TextObject(set, unit: units[present])
            else { return Item(set: set, reading: nil) }
            objects[name] = object
            names.append(name)
            return Item(
                set: set,
                reading: Reading(object, 2, rules, readAt: moment, source: origin.source, association: "")
            )
        }
        self.objects = objects
        self.names = names
    }

    /// Reads a readout that was kept; nil when it cannot be read any more.
    init?(_ stored: StoredReadout, rules: TextClockRules) {
        guard let readout = ReadoutFile(Array(stored.text.utf8)).items.lazy.compactMap({ try? $0.readout.get() }).first
        else { return nil }
        self.init(
            readout,
            origin: stored.origin,
            receivedAt: stored.receivedAt,
            takenAt: stored.takenAt,
            rules: rules
        )
    }

    /// What is kept of it.
    var stored: StoredReadout {
        StoredReadout(
            origin: origin,
            takenAt: takenAt,
            receivedAt: receivedAt,
            text: String(decoding: text, as: UTF8.self)
        )
    }
}

extension StoredReadout.Origin {
    /// Where values of such a readout come from once it is kept.
    var source: ReadingSource {
        switch self {
        case .meter: .cache
        case .file: .imported
        }
    }
}

extension Reading {
    /// An attribute of an object of a text meter; nil for one that it does not have.
    init?(
        _ object: TextObject,
        _ index: Int8,
        _ rules: TextClockRules,
        readAt: Timestamp,
        source: ReadingSource,
        association: String
    ) {
        guard let data = object.attribute(index, rules) else { return nil }
        self.init(
            object: MeterObject(logicalName: object.logicalName, classID: object.classID, version: 0),
            attributeIndex: index,
            data: data,
            context: .attribute(
                classID: object.classID,
                version: 0,
                logicalName: object.logicalName,
                index: index,
                scalerUnit: object.scalerUnit
            ),
            readAt: readAt,
            source: source,
            association: association
        )
    }
}
