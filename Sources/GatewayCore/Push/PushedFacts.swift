// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import JSONText
import MeterSessions
import Timekeeping

/// What one notification of a meter says, as it is kept.
struct PushedFacts {
    /// What is told of a notification that cannot be read, in octets at most.
    private static let mostOctetsTold = 1024
    /// A clock that is further ahead than this is not believed blindly.
    private static let farAhead = Duration.seconds(3600)
    /// How long a scaler that was read holds.
    private static let scalerAge = Duration.seconds(365 * 86_400)

    /// The readings.
    private(set) var readings: [NewReading] = []
    /// What happened.
    private(set) var events: [EventFeed.Draft] = []
    /// Registers whose scaler is not known.
    private(set) var unscaled: [CaptureObject] = []
    /// Whether nothing tells for sure what the values are.
    private(set) var needsObjectList = false

    private let memory: MeterMemory
    private let trust: PushTrust
    private let receivedAt: Timestamp

    /// Reads a notification.
    ///
    /// - Parameter lists: the push object lists of the meter.
    init(
        _ message: UnsolicitedMessage,
        of memory: MeterMemory,
        trust: PushTrust,
        lists: [[CaptureObject]],
        receivedAt: Timestamp
    ) {
        self.memory = memory
        self.trust = trust
        self.receivedAt = receivedAt
        switch message {
        case .dataNotification(let notification): read(notification, lists)
        case .eventNotification(let notification):
            let descriptor = notification.descriptor
            let attribute = CaptureObject(
                classID: descriptor.classID,
                logicalName: descriptor.instanceID,
                attributeIndex: descriptor.attributeID
            )
            read(PushDecoder.content(of: attribute, notification.value), notification.time, isEvent: true)
        case .informationReport(let report, let targets): read(report, targets)
        case .other: break
        }
    }

    private mutating func read(_ notification: DataNotification, _ lists: [[CaptureObject]]) {
        let configured = memory.record.configuration.push.objects
        let decoder =
            configured.isEmpty
            ? PushDecoder(objectLists: lists) : PushDecoder(objectLists: [configured] + lists, trustsLists: true)
        guard let content = decoder.content(of: notification.body) else {
            needsObjectList = true
            var data = JSONObject()
            data["reason"] = "unknown-layout"
            let octets = notification.octets.prefix(Self.mostOctetsTold)
            data["octets"] = .string(Hexadecimal.text(of: octets))
            data["time"] = time(notification.time).json
            events.append(EventFeed.Draft(.pushUndecoded, meter: memory.id, data: data))
            return
        }
        // The list of the meter would tell what it is; until it is known, or where the meter has none, the guess is marked as one.
        if content.isGuess { needsObjectList = true }
        read(content, notification.time, isEvent: false)
    }

    private mutating func read(_ report: InformationReport, _ targets: [ShortNameDirectory.Target?]) {
        for (index, data) in report.data.enumerated() where index < targets.count {
            guard case .attribute(let descriptor)? = targets[index] else {
                var facts = JSONObject()
                facts["reason"] = "unknown-short-name"
                facts["octets"] = .string(Hexadecimal.text(of: data.octets.prefix(Self.mostOctetsTold)))
                facts["time"] = .null
                events.append(EventFeed.Draft(.pushUndecoded, meter: memory.id, data: facts))
                continue
            }
            let attribute = CaptureObject(
                classID: descriptor.classID,
                logicalName: descriptor.instanceID,
                attributeIndex: descriptor.attributeID
            )
            read(PushDecoder.content(of: attribute, data), nil, isEvent: true)
        }
    }

    private mutating func read(_ content: PushedContent, _ sent: COSEMDateTime?, isEvent: Bool) {
        let time = time(content.clock ?? sent)
        for value in content.values {
            let attribute = value.attribute
            if isEvent || attribute.logicalName.isAlarm || attribute.logicalName.isEventCode {
                note(value, time, isEvent: isEvent)
            }
            guard attribute.isReading else { continue }
            let reading = ReadingValue(value.data)
            guard reading != .null else { continue }
            readings.append(
                NewReading(
                    series: ReadingSeries(
                        source: .push,
                        object: attribute.logicalName,
                        classID: attribute.classID,
                        attribute: attribute.attributeIndex,
                        element: attribute.dataIndex
                    ),
                    at: time.at,
                    value: reading,
                    scalerUnit: value.scalerUnit ?? scalerUnit(attribute),
                    reasons: time.reasons + (trust.reason.map { [$0] } ?? [])
                        + (content.isGuess ? ["guessed-layout"] : [])
                )
            )
        }
    }

    /// Tells of an alarm or event.
    private mutating func note(_ value: PushedContent.Value, _ time: Moment, isEvent: Bool) {
        let isAlarm = value.attribute.logicalName.isAlarm
        let number = value.data.integerValue
        // An alarm register of zeros says that all is well.
        guard isEvent || number != 0 else { return }
        var data = JSONObject()
        data["object"] = .string(value.attribute.logicalName.description)
        data["class"] = .integer(value.attribute.classID)
        data["attribute"] = .integer(value.attribute.attributeIndex)
        data["value"] = number.map { .integer($0) } ?? .string(Hexadecimal.text(of: value.data.octets.prefix(256)))
        if isAlarm, let bits = number.flatMap({ UInt64(exactly: $0) }) {
            data["bits"] = .array((0..<64).filter { bits >> UInt64($0) & 1 == 1 }.map { .integer($0) })
        }
        data["time"] = time.json
        if let reason = trust.reason { data["trust"] = .string(reason) }
        events.append(
            EventFeed.Draft(isAlarm && number != 0 ? .meterAlarm : .meterEvent, meter: memory.id, data: data)
        )
    }

    private mutating func scalerUnit(_ attribute: CaptureObject) -> ScalerUnit? {
        guard attribute.hasScaler else { return nil }
        let key = MeterMemory.ObjectKey(classID: attribute.classID, logicalName: attribute.logicalName)
        if let known = memory.scalerUnit(key, now: receivedAt, maxAge: Self.scalerAge) { return known }
        unscaled.append(attribute)
        return nil
    }

    // MARK: Time

    /// When something was.
    private struct Moment {
        let at: Timestamp
        let isMeters: Bool
        let reasons: [String]

        var json: JSONValue { isMeters ? .string(at.rfc3339) : .null }
    }

    /// What the meter's time means; the time of arrival if it tells none.
    private func time(_ sent: COSEMDateTime?) -> Moment {
        guard let sent else { return Moment(at: receivedAt, isMeters: false, reasons: ["time-of-arrival"]) }
        let time = ProfileTime(sent, zone: memory.zone, behaviour: memory.behaviour.behaviour.profiles.time)
        guard let seconds = time.utcSeconds else {
            return Moment(at: receivedAt, isMeters: false, reasons: ["time-of-arrival"])
        }
        let at = Timestamp(seconds: seconds)
        let isAhead = at - receivedAt > Self.farAhead
        return Moment(at: at, isMeters: true, reasons: time.reasons + (isAhead ? ["clock-ahead"] : []))
    }
}

extension OBISCode {
    /// Alarm registers, filters left out, and alarm descriptors (Blue Book part 1, abstract objects).
    var isAlarm: Bool { a == 0 && c == 97 && d == 98 && (e <= 9 || (20...29).contains(e)) }

    /// Objects that hold the code of the last event (Blue Book part 1, event code).
    var isEventCode: Bool { a == 0 && c == 96 && d == 11 }
}

extension CaptureObject {
    /// Whether the attribute is a measured or set value and no time, name or list of a push set-up.
    var isReading: Bool {
        switch classID {
        case 8: false
        case 40: false
        case 7: attributeIndex != 2
        default: attributeIndex > 1
        }
    }

    /// Whether the attribute is scaled: values of registers, extended and demand registers (Blue Book, classes 3 to 5).
    var hasScaler: Bool {
        switch classID {
        case 3, 4: attributeIndex == 2
        case 5: attributeIndex == 2 || attributeIndex == 3
        default: false
        }
    }
}
