// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Fleet
import JSONText
public import Timekeeping

/// What a meter is and has, found out by asking it.
public struct MeterDiscovery: Sendable {
    /// The meter.
    public let meter: MeterID
    /// The objects that the association shows.
    public let objects: ListedObjects
    /// What names the meter, its maker and its software, as far as it tells.
    public let identification: [Fact: String]
    /// What it records.
    public let profiles: [Gateway.ProfileEntry]
    /// The association in which was looked.
    public let association: String
    /// When it was looked.
    public let foundAt: Timestamp

    /// A fact by which a meter is told from others.
    public enum Fact: String, CaseIterable, Sendable {
        /// The logical device name: three letters of the maker and a number.
        case logicalDeviceName
        /// The maker's letters in it.
        case manufacturer
        /// The number on the meter.
        case serialNumber
        /// The software in the meter.
        case firmware
        /// Minutes between the meter's local time and UTC, without daylight saving.
        case utcOffsetMinutes
    }
}

extension Gateway {
    /// Where meters tell what they are: the object, its class, and the attribute.
    private static let places: [(fact: MeterDiscovery.Fact, object: OBISCode, classes: Set<UInt16>, index: Int8)] = [
        (.logicalDeviceName, OBISCode(0, 0, 42, 0, 0, 255), [1], 2),
        (.serialNumber, OBISCode(0, 0, 96, 1, 0, 255), [1, 3], 2),
        (.serialNumber, OBISCode(1, 0, 0, 0, 0, 255), [1, 3], 2),
        (.firmware, OBISCode(1, 0, 0, 2, 0, 255), [1, 3], 2),
        (.firmware, OBISCode(0, 0, 0, 2, 0, 255), [1, 3], 2),
        (.utcOffsetMinutes, OBISCode(0, 0, 1, 0, 0, 255), [8], 3),
    ]

    /// Looks what a meter is and has; reads only.
    func discover(_ meter: String, _ wishes: Wishes) async throws(GatewayError) -> MeterDiscovery {
        let list = try await objectList(of: meter, wishes)
        var wishes = wishes
        wishes.association = list.association
        let places = Self.places.filter { place in
            list.list.entries(place.object).contains { place.classes.contains($0.classID) }
        }
        var identification: [MeterDiscovery.Fact: String] = [:]
        if !places.isEmpty {
            let queries = places.map { place in
                AttributeQuery(
                    object: place.object,
                    classID: list.list.entries(place.object).first { place.classes.contains($0.classID) }?.classID,
                    attribute: .index(place.index)
                )
            }
            let answer = try await read(queries, of: meter, wishes)
            for (place, outcome) in zip(places, answer.outcomes) where identification[place.fact] == nil {
                identification[place.fact] = (try? outcome.result.get().data).flatMap(Self.text)
            }
        }
        if let letters = identification[.logicalDeviceName]?.prefix(3), letters.utf8.count == 3,
            letters.utf8.allSatisfy({ (0x41...0x5A).contains($0) })
        {
            identification[.manufacturer] = String(letters)
        }
        // What the meter's local time is, in the sense of ISO 8601; COSEM counts the other way round.
        if let minutes = identification[.utcOffsetMinutes].flatMap({ Int($0) }) {
            identification[.utcOffsetMinutes] =
                COSEMDateTime.possibleDeviations.contains(minutes) ? String(-minutes) : nil
        }
        // The list was read a moment ago.
        wishes.freshness = .usual
        return MeterDiscovery(
            meter: try meterID(meter),
            objects: list.list,
            identification: identification,
            profiles: try await profiles(of: meter, wishes).entries,
            association: list.association,
            foundAt: clock.now()
        )
    }

    /// A value as a short text of visible characters, or nil.
    private static func text(_ data: DLMSData) -> String? {
        switch data {
        case .octetString(let octets), .visibleString(let octets), .utf8String(let octets):
            let text = octets.prefix { $0 != 0 }
            guard (1...63).contains(text.count), text.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
            return String(decoding: text, as: UTF8.self)
        default: return data.integerValue.map { String($0) }
        }
    }
}
