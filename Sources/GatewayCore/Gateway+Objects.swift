// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Fleet

extension Gateway {
    /// The objects that an association shows.
    public struct ObjectsAnswer: Sendable {
        /// The objects.
        public let list: ListedObjects
        /// Where the list came from.
        public let source: ReadingSource
        /// The association.
        public let association: String
        /// Where the time went.
        public let timings: ExchangeTimings
    }

    /// One object with its rights and the values asked for.
    public struct ObjectAnswer: Sendable {
        /// The object.
        public let object: MeterObject
        /// Its rights.
        public let entry: ObjectListEntry
        /// The values asked for; nil if none were.
        public let values: ReadAnswer?
        /// The association.
        public let association: String
        /// Where the time went.
        public let timings: ExchangeTimings
    }

    /// Which attributes of an object are to be read.
    public enum AttributeChoice: Hashable, Sendable {
        /// None: only the rights.
        case none
        /// All that may be read.
        case readable
        /// These.
        case named([MemberName])
    }

    /// The objects of a meter.
    public func objectList(of meter: String, _ wishes: Wishes) async throws(GatewayError) -> ObjectsAnswer {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .reading, memory)
        let answer = try await objects.list(
            for: wishes.errand(at: memory, in: association),
            freshness: wishes.freshness
        )
        return ObjectsAnswer(
            list: answer.list,
            source: answer.source,
            association: association,
            timings: answer.timings
        )
    }

    /// One object of a meter.
    public func object(
        _ logicalName: OBISCode,
        classID: UInt16?,
        of meter: String,
        attributes: AttributeChoice,
        _ wishes: Wishes
    ) async throws(GatewayError) -> ObjectAnswer {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .reading, memory)
        let errand = wishes.errand(at: memory, in: association)
        let listed = try await objects.list(
            for: errand,
            freshness: Freshness(onlyIfCached: wishes.freshness.onlyIfCached)
        )
        let (object, entry) = try AttributeResolver(memory: memory, list: listed.list)
            .object(logicalName, classID: classID)
        guard let entry else { throw .internal(reason: "an object was found without its entry") }
        let names: [MemberName] =
            switch attributes {
            case .none: []
            case .readable: Self.readable(entry, object).map { .index($0) }
            case .named(let names): names
            }
        var timings = listed.timings
        var values: ReadAnswer?
        if attributes != .none {
            let answer = try await reader.read(
                names.map { AttributeQuery(object: logicalName, classID: object.classID, attribute: $0) },
                for: errand,
                freshness: wishes.freshness
            )
            timings += answer.timings
            values = answer
            try await readingKeeper.keep(answer, of: memory, for: wishes.origin)
        }
        return ObjectAnswer(
            object: object,
            entry: entry,
            values: values,
            association: association,
            timings: timings
        )
    }

    /// Attributes of a meter, in one association.
    public func read(
        _ queries: [AttributeQuery],
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> ReadAnswer {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .reading, memory)
        let answer: ReadAnswer
        do throws(GatewayError) {
            answer = try await reader.read(
                queries,
                for: wishes.errand(at: memory, in: association),
                freshness: wishes.freshness
            )
        } catch {
            // What is kept will do for who allows it to be too old.
            guard error.isSilence, let freshness = wishes.freshness.whenSilent(usual: settings.valueAge),
                let kept = try? await reader.read(
                    queries,
                    for: wishes.errand(at: memory, in: association),
                    freshness: freshness
                ), kept.failures == 0
            else { throw error }
            return kept.markedStale
        }
        if answer.standing == nil { try await readingKeeper.keep(answer, of: memory, for: wishes.origin) }
        return answer
    }

    /// Writes an attribute.
    public func write(
        _ command: WriteCommand,
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> WriteOutcome {
        let memory = try await directory.memory(of: meter)
        return try await writer.write(
            command,
            for: try wishes.errand(at: memory, in: association(wishes.association, for: .managing, memory))
        )
    }

    /// Invokes a method.
    public func invoke(
        _ command: MethodCommand,
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> MethodOutcome {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .managing, memory)
        return try await invoker.invoke(command, for: wishes.errand(at: memory, in: association))
    }

    /// Logical names of a meter that are like this one, from lists in memory.
    public func namesLike(_ logicalName: OBISCode, of meter: MeterID) -> [OBISCode] {
        guard let memory = directory.known(meter) else { return [] }
        for association in memory.record.configuration.associations.keys.sorted() {
            if let list = memory.objectList(association) { return list.nearest(to: logicalName) }
        }
        return []
    }

    private static func readable(_ entry: ObjectListEntry, _ object: MeterObject) -> [Int8] {
        guard entry.attributes.isEmpty else {
            return entry.attributes.filter(\.access.isReadable).map(\.index)
        }
        return object.model?.attributes.map(\.index) ?? []
    }
}
