// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Fleet

extension Gateway {
    /// The object of a class that holds a part of a meter's configuration: the one named, else the usual or first one.
    ///
    /// - Throws: ``Fleet/GatewayError/objectUndefined(_:_:)`` when the meter has none.
    public func configurationObject(
        of classID: UInt16,
        named name: OBISCode?,
        usually usual: OBISCode,
        at meter: String,
        toWrite writes: Bool = false,
        _ wishes: Wishes
    ) async throws(GatewayError) -> MeterObject {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: writes ? .managing : .reading, memory)
        return try await procedureAccess(memory, association, wishes)
            .object(of: classID, named: name, usually: usual)
    }

    /// Puts the passive activity calendar in force (Blue Book, class 20, method 1) and looks whether it is.
    ///
    /// - Throws: ``Fleet/GatewayError/verificationFailed(_:)`` when the active calendar is another one afterwards.
    public func activateCalendar(_ object: MeterObject, of meter: String, _ wishes: Wishes) async throws(GatewayError) {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .managing, memory)
        let access = procedureAccess(memory, association, wishes)
        try await access.invoke(1, of: object)
        let values = try await access.read([2, 3, 4, 5, 6, 7, 8, 9], of: object)
        for index in Int8(2)...5 {
            // What a meter does not show proves nothing.
            guard case .success(let active)? = values[index], case .success(let passive)? = values[index + 4] else {
                continue
            }
            guard active == passive else { throw .verificationFailed(access.target(object, .attribute(index))) }
        }
    }
}
