// Storage for the provider that a test can make forget. It outlives the provider's instance, so that
// keys and settings may change while sessions and grants stand.

const rows = new Map();

export class Memory {
  constructor(kind) { this.kind = kind; }

  key(id) { return `${this.kind}:${id}`; }

  async upsert(id, payload) { rows.set(this.key(id), payload); }

  async find(id) { return rows.get(this.key(id)); }

  async findByUid(uid) {
    return [...rows].find(([key, row]) => key.startsWith(`${this.kind}:`) && row.uid === uid)?.[1];
  }

  async findByUserCode(code) {
    return [...rows].find(([key, row]) => key.startsWith(`${this.kind}:`) && row.userCode === code)?.[1];
  }

  async consume(id) {
    const row = rows.get(this.key(id));
    if (row) row.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) { rows.delete(this.key(id)); }

  async revokeByGrantId(grantId) {
    for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
  }

  // Drops all rows of these kinds: what a user does who withdraws an application's access.
  static forget(kinds) {
    for (const key of rows.keys()) if (kinds.includes(key.split(':')[0])) rows.delete(key);
  }
}
