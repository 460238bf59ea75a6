// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
import DLMSCodec
import Fleet
import JSONText

/// What a profile records, with the names and units of its columns.
public struct ProfileSheet: Sendable {
    /// The profile object.
    public let object: MeterObject
    /// What the attributes of the object say.
    public let descriptor: ProfileDescriptor
    /// The columns with scaler and unit.
    public let layout: ProfileLayout
    /// How the meter fills its profiles.
    public let behaviour: ProfileBehaviour
    /// How the buffer of a compact data object is made; nil for a profile.
    let template: Template?

    /// What tells the values in the buffer of a compact data object (Blue Book, class 62).
    struct Template: Hashable, Sendable {
        /// template_id.
        let number: UInt8
        /// template_description.
        let description: [UInt8]
    }

    /// Puts together what was read of a profile, or of a compact data object.
    init(
        object: MeterObject,
        descriptor: ProfileDescriptor,
        scalers: [OBISCode: ScalerUnit],
        behaviour: ProfileBehaviour,
        template: Template?
    ) {
        self.object = object
        self.descriptor = descriptor
        self.behaviour = behaviour
        self.template = template
        layout = ProfileLayout(
            captureObjects: descriptor.captureObjects.filter { !Self.isTemplateNumber($0, of: object) },
            scalerUnits: scalers
        )
    }

    /// Whether a compact data object captures the number of its own template, which is no value.
    static func isTemplateNumber(_ capture: CaptureObject, of object: MeterObject) -> Bool {
        object.classID == ProfileReader.compactDataClass && capture.classID == object.classID
            && capture.logicalName == object.logicalName && capture.attributeIndex == 4
    }

    /// The column that a range restricts; nil if the rows have no time.
    func restrictingColumn(_ behaviour: ProfileBehaviour) -> CaptureObject? {
        let time = layout.timeColumn.map { layout.columns[$0].capture }
        switch behaviour.restrictingColumn {
        case .clock: return .clock
        case .time: return time
        case .sortObject:
            guard let sorted = descriptor.sortObject, ProfileLayout(captureObjects: [sorted]).timeColumn != nil else {
                return time
            }
            return sorted
        }
    }

    /// The places of the columns that a caller names, time and status always among them; nil for all.
    ///
    /// - Throws: ``GatewayError/rangeNotSupported(_:reason:)`` for a name that no column has.
    func places(of names: [String]?, meter: MeterID) throws(GatewayError) -> [Int]? {
        guard let names else { return nil }
        var wanted = Set([layout.timeColumn, layout.statusColumn].compactMap { $0 })
        for name in names {
            let found = layout.columns.indices.filter { matches(name, layout.columns[$0]) }
            guard !found.isEmpty else {
                let meant = nearest(name, in: layout.columns.map(\.key)).map { "; \($0) is one" } ?? ""
                throw .rangeNotSupported(
                    object.target(.attribute(2), of: meter),
                    reason: "it has no column \(name)\(meant)"
                )
            }
            wanted.formUnion(found)
        }
        return wanted.count == layout.columns.count ? nil : wanted.sorted()
    }

    /// A key such as `1.0.1.8.0.255/2`, an OBIS code in any spelling, or one with attribute and element.
    private func matches(_ name: String, _ column: ProfileColumn) -> Bool {
        if name == column.key || name == column.capture.key { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let code = parts.first.flatMap({ OBISCode(String($0)) }), code == column.capture.logicalName else {
            return false
        }
        switch parts.count {
        case 1: return true
        case 2: return Int8(parts[1]) == column.capture.attributeIndex
        case 3:
            return Int8(parts[1]) == column.capture.attributeIndex && UInt16(parts[2]) == column.capture.dataIndex
        default: return false
        }
    }
}
